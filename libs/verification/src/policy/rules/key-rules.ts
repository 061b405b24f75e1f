import { KeyError, PublicKey } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { printable } from '../../text.ts';
import { assertCount, invalid, type Rule } from '../rule.ts';

const MAX_KEYS = 32;

/**
 * Managed keys, as PEM; each passes the key gate.
 *
 * @throws PolicyError POLICY_INVALID with `key` or `key.<index>`
 */
export function readKeys(key: string | readonly string[]): readonly PublicKey[] {
  if (typeof key === 'string') return [readKey('key', key)];
  if (key.length === 0) throw invalid('key', 'key is an empty list');
  assertCount('key', key.length, MAX_KEYS, 'keys');
  return key.map((pem, at) => readKey(`key.${at}`, pem));
}

/** One of these keys signed. */
export function keyRule(keys: readonly PublicKey[]): Rule {
  const ids = new Set(keys.map(({ keyId }) => encodeHex(keyId)));
  return {
    field: 'key',
    text: keys.length === 1 ? `the key ${[...ids].join()}` : `one of ${keys.length} keys`,
    refuse: ({ signer, key }) => {
      if (signer !== undefined) {
        return { code: 'KEY_MISMATCH', found: `a certificate of ${printable(signer.identity)} signed` };
      }
      if (key === undefined) return { code: 'KEY_MISMATCH', found: 'an unknown key signed' };
      const id = encodeHex(key.keyId);
      return ids.has(id) ? undefined : { code: 'KEY_MISMATCH', found: `the key ${id} signed` };
    },
  };
}

function readKey(field: string, pem: string): PublicKey {
  try {
    return PublicKey.fromPem(pem);
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw invalid(field, `${field} is no usable public key: ${cause.message}`, cause);
  }
}
