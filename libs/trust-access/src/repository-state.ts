import {
  decodeBase64,
  encodeBase64,
  encodeUtf8,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import type { ReleaseState, RepositoryState } from '@sigstead/tuf';

/** A trusted root of 4 MiB, a signing configuration, 256 roots of the usual size and the rest, in base64, with room to spare. */
export const MAX_STATE_BYTES = 64 * 1024 * 1024;
const MAX_ROOTS = 4_096;
const FORMAT = 1;

/** One file holds all that is kept of a repository: its parts belong together, and no name in it becomes a path. */
export function encodeState({ roots, timestamp, release }: RepositoryState): Uint8Array {
  return encodeUtf8(
    JSON.stringify({
      format: FORMAT,
      roots: roots.map(encodeBase64),
      ...(timestamp && { timestamp: encodeBase64(timestamp) }),
      ...(release && {
        release: {
          timestamp: encodeBase64(release.timestamp),
          snapshot: encodeBase64(release.snapshot),
          targets: encodeBase64(release.targets),
          files: Object.fromEntries([...release.files].map(([name, bytes]) => [name, encodeBase64(bytes)])),
        },
      }),
    }),
  );
}

/** @returns undefined for anything that {@link encodeState} does not write: what was kept is a help, and no more */
export function decodeState(bytes: Uint8Array): RepositoryState | undefined {
  try {
    const json = parseJson(bytes, { maxBytes: MAX_STATE_BYTES, maxDepth: 4, maxValues: 2 * MAX_ROOTS });
    if (!isJsonObject(json) || json['format'] !== FORMAT) return undefined;
    const { roots, timestamp, release } = json;
    return {
      roots: Array.isArray(roots) ? roots.map(read) : [],
      timestamp: timestamp === undefined ? undefined : read(timestamp),
      release: isJsonObject(release) ? readRelease(release) : undefined,
    };
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function readRelease({ timestamp, snapshot, targets, files }: JsonObject): ReleaseState {
  return {
    timestamp: read(timestamp),
    snapshot: read(snapshot),
    targets: read(targets),
    files: new Map(
      Object.entries(isJsonObject(files) ? files : {}).map(([name, value]) => [name, read(value)]),
    ),
  };
}

function read(value: JsonValue | undefined): Uint8Array {
  return decodeBase64(typeof value === 'string' ? value : '');
}
