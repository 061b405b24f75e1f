import { decodeBase64, EncodingError, isJsonObject, parseJson } from '@sigstead/encoding';
import { CtError } from './errors.ts';

/** Leaf, intermediates, root. */
const MAX_CHAIN = 8;

/**
 * The chain of an add-chain or add-pre-chain request (RFC 6962 section 4.1): `{"chain": ["<base64 DER>", ...]}`, leaf first.
 *
 * @throws CtError REQUEST
 */
export function parseAddChainRequest(body: Uint8Array, maxBytes: number): Uint8Array[] {
  try {
    const value = parseJson(body, { maxBytes, maxDepth: 4 });
    const chain = isJsonObject(value) && Object.hasOwn(value, 'chain') ? value['chain'] : undefined;
    if (!Array.isArray(chain)) throw new CtError('REQUEST', 'the request has no array "chain"');
    if (chain.length === 0 || chain.length > MAX_CHAIN) {
      throw new CtError('REQUEST', `the chain has ${chain.length} certificates, want 1 to ${MAX_CHAIN}`);
    }
    return chain.map((item, i) => {
      if (typeof item !== 'string') throw new CtError('REQUEST', `chain[${i}] is not a string`);
      return decodeBase64(item);
    });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new CtError('REQUEST', `the request is malformed: ${cause.message}`, { cause });
  }
}
