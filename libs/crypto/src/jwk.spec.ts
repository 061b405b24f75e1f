import { describe, expect, it } from '@jest/globals';
import { encodeBase64Url } from '@sigstead/encoding';
import fc from 'fast-check';
import { encodeJwk } from './jwk.ts';
import type { KeyType } from './key-parameters.ts';
import { PrivateKeySigner } from './private-key-signer.ts';
import { PublicKey } from './public-key.ts';
import { refusal } from './testonly/refusal.ts';

const types: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'];
const keys = new Map(types.map((type) => [type, PrivateKeySigner.generate(type).publicKey]));
const jwkOf = (type: KeyType) => {
  const key = keys.get(type);
  if (key === undefined) throw new Error(`no sample key ${type}`);
  return encodeJwk(key.parameters) as Record<string, string>;
};
const gate = (jwk: Readonly<Record<string, unknown>>) => refusal(() => PublicKey.fromJwk(jwk));
const bytes = (text: string | undefined) => Uint8Array.from(Buffer.from(text ?? '', 'base64url'));

describe('JWK', () => {
  it.each(types)('reads %s as OpenSSL writes it', (type) => {
    const key = keys.get(type);
    const jwk = key?.keyObject.export({ format: 'jwk' }) as Record<string, unknown>;
    expect(PublicKey.fromJwk({ ...jwk, kid: 'a', use: 'sig', alg: 'whatever' }).spki).toEqual(key?.spki);
    expect(encodeJwk(PublicKey.fromJwk(jwk).parameters)).toEqual(jwk);
  });

  it('refuses private and symmetric members', () => {
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
      expect(gate({ ...jwkOf('P-256'), [member]: 'AQ' })).toBe('KEY_PRIVATE');
      expect(gate({ ...jwkOf('RSA'), [member]: undefined })).toBe('KEY_PRIVATE');
    }
    expect(gate({ kty: 'oct', k: 'AAAA' })).toBe('KEY_PRIVATE');
    expect(gate({ kty: 'oct' })).toBe('KEY_UNSUPPORTED');
  });

  it('refuses other key types and curves', () => {
    expect(gate({})).toBe('KEY_UNSUPPORTED');
    expect(gate({ ...jwkOf('P-256'), kty: 'ec' })).toBe('KEY_UNSUPPORTED');
    expect(gate({ ...jwkOf('P-256'), crv: 'secp256k1' })).toBe('KEY_UNSUPPORTED');
    expect(gate({ ...jwkOf('P-256'), crv: 'toString' })).toBe('KEY_UNSUPPORTED');
    expect(gate({ ...jwkOf('Ed25519'), crv: 'X25519' })).toBe('KEY_UNSUPPORTED');
    expect(gate({ ...jwkOf('Ed25519'), crv: 'Ed448' })).toBe('KEY_UNSUPPORTED');
  });

  it('refuses coordinates of a wrong length and points off the curve', () => {
    const jwk = jwkOf('P-384');
    const x = bytes(jwk['x']);
    expect(gate({ ...jwk, x: encodeBase64Url(x.subarray(1)) })).toBe('KEY_MALFORMED');
    expect(gate({ ...jwk, x: encodeBase64Url(Uint8Array.of(0, ...x)) })).toBe('KEY_MALFORMED');
    expect(gate({ ...jwk, crv: 'P-256' })).toBe('KEY_MALFORMED');
    expect(gate({ ...jwk, x: jwk['y'], y: jwk['x'] })).toBe('KEY_NOT_ON_CURVE');
    const zeros = encodeBase64Url(new Uint8Array(48));
    expect(gate({ ...jwk, x: zeros, y: zeros })).toBe('KEY_NOT_ON_CURVE');
  });

  it('refuses weak RSA and padded integers', () => {
    const jwk = jwkOf('RSA');
    expect(gate({ ...jwk, e: 'Aw' })).toBe('KEY_WEAK');
    expect(gate({ ...jwk, e: 'AQ' })).toBe('KEY_WEAK');
    expect(gate({ ...jwk, n: 'Dw' })).toBe('KEY_WEAK');
    expect(gate({ ...jwk, e: 'AAEAAQ' })).toBe('KEY_MALFORMED');
    expect(gate({ ...jwk, e: '' })).toBe('KEY_MALFORMED');
    expect(gate({ ...jwk, n: encodeBase64Url(Uint8Array.of(0, ...bytes(jwk['n']))) })).toBe('KEY_MALFORMED');
  });

  it('refuses Ed25519 of small order or wrong length', () => {
    expect(gate({ ...jwkOf('Ed25519'), x: encodeBase64Url(new Uint8Array(32)) })).toBe('KEY_WEAK');
    expect(gate({ ...jwkOf('Ed25519'), x: encodeBase64Url(new Uint8Array(33)) })).toBe('KEY_MALFORMED');
  });

  it('refuses members that are absent, no strings, too long or not base64url', () => {
    const jwk = jwkOf('P-256');
    for (const x of [undefined, null, 1, ['AQ'], {}, 'A'.repeat(2049), `${jwk['x']}=`, '+/+/', '!']) {
      expect(gate({ ...jwk, x })).toBe('KEY_MALFORMED');
    }
    expect(gate({ kty: 'EC', crv: 'P-256', x: jwk['x'] })).toBe('KEY_MALFORMED');
    expect(gate(Object.create(jwk) as Record<string, unknown>)).toBeDefined();
  });

  it('law: any object is refused with a KeyError', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('EC', 'RSA', 'OKP', 'P-256', 'Ed25519', 'AQAB'),
      fc.anything(),
    );
    const members = fc.constantFrom('kty', 'crv', 'x', 'y', 'n', 'e', 'd', '__proto__');
    fc.assert(fc.property(fc.dictionary(members, value), (jwk) => expect(gate(jwk)).toBeDefined()));
  });
});
