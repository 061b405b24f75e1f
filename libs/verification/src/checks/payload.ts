import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { checked, VerificationError } from '../errors.ts';
import { printable } from '../text.ts';

const PAYLOAD_TYPE = 'cosign container image signature';
const MAX_PAYLOAD_BYTES = 256 * 1024;

/** What a simple signing document says (containers-signature(5), with cosign's type). */
export interface SimpleSigning {
  readonly type: string;
  /** `sha256:<hex>` of the image manifest. */
  readonly imageDigest: string;
  /** Name the signer had for the image. A claim, and never compared: images are copied and tags move. */
  readonly dockerReference: string;
  /** Texts of `optional`; values of other types are not taken for text. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads the signed document. Call it on verified bytes only.
 *
 * @throws VerificationError PAYLOAD_MALFORMED
 */
export function parseSimpleSigning(payload: Uint8Array): SimpleSigning {
  const json = checked('PAYLOAD_MALFORMED', 'signed payload', () =>
    parseJson(payload, { maxBytes: MAX_PAYLOAD_BYTES, maxDepth: 16, uniqueMembers: true }),
  );
  const critical = objectField(isJsonObject(json) ? json : {}, 'critical');
  return {
    type: textField(critical, 'type'),
    imageDigest: textField(objectField(critical, 'image'), 'docker-manifest-digest'),
    dockerReference: textField(objectField(critical, 'identity'), 'docker-reference'),
    annotations: readAnnotations(isJsonObject(json) ? json['optional'] : undefined),
  };
}

function readAnnotations(optional: JsonValue | undefined): Record<string, string> {
  if (!isJsonObject(optional)) return {};
  return Object.fromEntries(
    Object.entries(optional).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/**
 * The document is an image signature, of this image.
 *
 * @param imageDigest `sha256:<hex>`
 * @throws VerificationError PAYLOAD_TYPE, PAYLOAD_DIGEST
 */
export function assertPayloadBinds(payload: SimpleSigning, imageDigest: string): void {
  if (payload.type !== PAYLOAD_TYPE) {
    throw new VerificationError(
      'PAYLOAD_TYPE',
      `signed payload is "${printable(payload.type)}", want "${PAYLOAD_TYPE}"`,
    );
  }
  if (payload.imageDigest !== imageDigest) {
    throw new VerificationError(
      'PAYLOAD_DIGEST',
      `signed payload is about image ${printable(payload.imageDigest)}, want ${imageDigest}`,
    );
  }
}

function objectField(parent: JsonObject, field: string): JsonObject {
  const value = Object.hasOwn(parent, field) ? parent[field] : undefined;
  if (!isJsonObject(value))
    throw new VerificationError('PAYLOAD_MALFORMED', `signed payload has no object "${field}"`);
  return value;
}

function textField(parent: JsonObject, field: string): string {
  const value = Object.hasOwn(parent, field) ? parent[field] : undefined;
  if (typeof value !== 'string')
    throw new VerificationError('PAYLOAD_MALFORMED', `signed payload has no text "${field}"`);
  return value;
}
