import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { encodeJwk } from './jwk.ts';
import type { KeyParameters } from './key-parameters.ts';
import { encodeSpki } from './spki.ts';

/**
 * OpenSSL's form of a key whose numbers have been checked: the only place that hands public keys to node:crypto.
 *
 * JWK saves OpenSSL's decoders, some 0.1 to 0.2 ms. But for EC keys it also multiplies the point by the order,
 * which is cheap on P-256 alone (its code is specially optimised) and takes 0.7 and 2 ms on P-384 and P-521;
 * with cofactor 1 there is nothing to find.
 */
export function importPublicKey(parameters: KeyParameters): KeyObject {
  if (parameters.type === 'P-384' || parameters.type === 'P-521') {
    return createPublicKey({ key: Buffer.from(encodeSpki(parameters)), format: 'der', type: 'spki' });
  }
  return createPublicKey({ key: encodeJwk(parameters), format: 'jwk' });
}
