import type { InclusionProof, TransparencyLogEntry } from '@sigstead/bundle';
import {
  decodeBase64,
  decodeHex,
  EncodingError,
  equalBytes,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { joinSignals, readBody } from '@sigstead/http';
import type { Fetch } from '@sigstead/oci';

const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const MAX_HASHES = 64;

/** A proof, or why there is none: a half-sentence for the verdict. */
export type ProofAnswer = { readonly proof: InclusionProof } | { readonly missing: string };

/**
 * Asks a Rekor v1 log for the inclusion proofs that `.sig` layers lack. What it answers is evidence like any other: nothing is
 * believed here beyond its form, the verification judges it by the trusted root's key.
 */
export class LogProofs {
  readonly #baseUrl: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;

  constructor({ baseUrl, fetch, timeoutMs }: { baseUrl: string; fetch: Fetch; timeoutMs: number }) {
    this.#baseUrl = baseUrl;
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
  }

  /** Never fails: a log that is down is a reason, and whether that matters is policy. */
  async find(entry: TransparencyLogEntry, signal: AbortSignal): Promise<ProofAnswer> {
    const url = `${this.#baseUrl}/api/v1/log/entries?logIndex=${entry.logIndex}`;
    const limit = joinSignals(signal, AbortSignal.timeout(this.#timeoutMs));
    try {
      const headers = { accept: 'application/json' };
      const response = await this.#fetch(url, { headers, redirect: 'error', signal: limit });
      if (response.status === 404) return { missing: `the log has no entry ${entry.logIndex}` };
      if (response.status !== 200)
        return { missing: `the log answered ${response.status} when asked for it` };
      const { bytes, complete } = await readBody(response, MAX_ANSWER_BYTES, limit);
      if (!complete) throw new AnswerError(`more than ${MAX_ANSWER_BYTES} bytes`);
      return readAnswer(bytes, entry);
    } catch (error) {
      if (limit.aborted) return { missing: 'the log did not answer in time' };
      if (error instanceof AnswerError || error instanceof EncodingError) {
        return { missing: `the log gave an answer that cannot be read (${error.message})` };
      }
      return { missing: 'the log could not be reached' };
    }
  }
}

class AnswerError extends Error {}

/** `{"<entry id>": {body, ..., "verification": {"inclusionProof": {checkpoint, hashes, logIndex, rootHash, treeSize}}}}` (Rekor v1) */
function readAnswer(bytes: Uint8Array, entry: TransparencyLogEntry): ProofAnswer {
  const answer = object(parseJson(bytes, { maxBytes: MAX_ANSWER_BYTES, maxDepth: 8 }), 'answer');
  const [found, ...others] = Object.values(answer);
  if (others.length > 0) throw new AnswerError(`${others.length + 1} entries instead of one`);
  const logged = object(found, 'entry');
  if (!equalBytes(decodeBase64(text(logged, 'body')), entry.canonicalizedBody)) {
    return { missing: `the log has another entry at index ${entry.logIndex}` };
  }
  const proof = object(object(logged['verification'], 'verification')['inclusionProof'], 'inclusionProof');
  return {
    proof: {
      logIndex: natural(proof, 'logIndex'),
      rootHash: decodeHex(text(proof, 'rootHash')),
      treeSize: natural(proof, 'treeSize'),
      hashes: hashes(proof['hashes']),
      checkpoint: text(proof, 'checkpoint'),
    },
  };
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw new AnswerError(`${what} is no object`);
  return value;
}

function text(parent: JsonObject, field: string): string {
  const value = parent[field];
  if (typeof value !== 'string') throw new AnswerError(`${field} is no text`);
  return value;
}

function natural(parent: JsonObject, field: string): bigint {
  const value = parent[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new AnswerError(`${field} is no natural number`);
  }
  return BigInt(value);
}

function hashes(value: JsonValue | undefined): Uint8Array[] {
  if (!Array.isArray(value) || value.length > MAX_HASHES)
    throw new AnswerError('hashes is no list of hashes');
  return value.map((hash) => {
    if (typeof hash !== 'string') throw new AnswerError('hashes is no list of hashes');
    return decodeHex(hash);
  });
}
