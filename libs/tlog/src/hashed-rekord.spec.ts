import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeUtf8, encodeBase64, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { TlogError } from './errors.ts';
import { canonicalHashedRekord, parseHashedRekord } from './hashed-rekord.ts';
import { signedParts, specOf } from './testonly/entries.ts';

const signer = PrivateKeySigner.generate('P-256');
const parts = await signedParts(signer);
const sound = specOf(parts);

describe('parseHashedRekord', () => {
  it('reads hash, signature and key', () => {
    const entry = parseHashedRekord(sound);
    expect(entry.hash).toEqual({ algorithm: 'sha256', value: parts.value });
    expect(entry.signature).toEqual(parts.signature);
    expect(entry.verifier.publicKey.spki).toEqual(signer.publicKey.spki);
  });

  it.each([
    [parts.value.slice(2), '62 characters'],
    [`g${parts.value.slice(1)}`, 'other characters'],
  ])('says what is wrong with the digest %s', (value, got) => {
    expect(() => parseHashedRekord(changed(sound, 'data.hash.value', value))).toThrow(
      `data.hash.value in body should be 64 hex digits for sha256, got ${got}`,
    );
  });

  it.each<[string, JsonValue | undefined]>([
    ['data', undefined],
    ['data', null],
    ['data', []],
    ['data.hash', undefined],
    ['data.hash', 'sha256'],
    ['data.hash.algorithm', undefined],
    ['data.hash.algorithm', 'sha1'],
    ['data.hash.algorithm', 'SHA256'],
    ['data.hash.algorithm', 'toString'],
    ['data.hash.algorithm', 'sha512'],
    ['data.hash.algorithm', 5],
    ['data.hash.value', undefined],
    ['data.hash.value', ''],
    ['data.hash.value', parts.value.slice(2)],
    ['data.hash.value', `${parts.value}00`],
    ['data.hash.value', `${parts.value.slice(1)}g`],
    ['signature', undefined],
    ['signature.content', undefined],
    ['signature.content', ''],
    ['signature.content', 'no base64'],
    ['signature.content', 'AQI'],
    ['signature.content', 'AQJ='],
    ['signature.content', encodeBase64(new Uint8Array(4096))],
    ['signature.publicKey', undefined],
    ['signature.publicKey', 'key'],
    ['signature.publicKey.content', undefined],
    ['signature.publicKey.content', 'no base64'],
    ['signature.publicKey.content', encodeBase64(new Uint8Array(140 * 1024))],
    ['signature.publicKey.content', encodeBase64(encodeUtf8('no PEM'))],
    ['signature.publicKey.content', encodeBase64(new Uint8Array([0xff]))],
  ])('refuses %s = %j', (path, value) => {
    let error: unknown;
    try {
      parseHashedRekord(changed(sound, path, value));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TlogError);
    expect(['SPEC', 'VERIFIER']).toContain((error as TlogError).code);
    expect((error as TlogError).field).toMatch(/^(data\.hash\.(algorithm|value)|data|signature)/);
  });
});

describe('canonicalHashedRekord', () => {
  it('has sorted keys and no white space', () => {
    const { value } = parts;
    const content = encodeBase64(parts.signature);
    const key = encodeBase64(encodeUtf8(parts.pem));
    expect(decodeUtf8(canonicalHashedRekord(parseHashedRekord(sound)))).toBe(
      `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"${value}"}},` +
        `"signature":{"content":"${content}","publicKey":{"content":"${key}"}}}}`,
    );
  });

  it('keeps the case of the digest, so another case is another leaf', () => {
    const upper = specOf({ ...parts, value: parts.value.toUpperCase() });
    expect(decodeUtf8(canonicalHashedRekord(parseHashedRekord(upper)))).toContain(parts.value.toUpperCase());
  });

  it('drops the key URL and every other field', () => {
    const withUrl = changed(sound, 'signature.publicKey.url', 'https://example.com/key');
    const withMore = changed(withUrl, 'data.url', 'https://example.com/artifact');
    expect(canonicalHashedRekord(parseHashedRekord(withMore))).toEqual(
      canonicalHashedRekord(parseHashedRekord(sound)),
    );
  });

  it('gives one leaf for one signature, wrapped by a base64 tool or not', () => {
    const wrap = (bytes: Uint8Array) => encodeBase64(bytes).replace(/.{76}/g, '$&\r\n');
    const first = changed(sound, 'signature.content', wrap(parts.signature));
    const wrapped = changed(first, 'signature.publicKey.content', wrap(encodeUtf8(parts.pem)));
    expect(canonicalHashedRekord(parseHashedRekord(wrapped))).toEqual(
      canonicalHashedRekord(parseHashedRekord(sound)),
    );
  });

  it('gives one leaf for one key however it was written', () => {
    const messy = specOf({ ...parts, pem: `\n${parts.pem.replaceAll('\n', '\r\n')}\n` });
    expect(canonicalHashedRekord(parseHashedRekord(messy))).toEqual(
      canonicalHashedRekord(parseHashedRekord(sound)),
    );
  });
});

/** The spec with one field set, or removed when the value is undefined. */
function changed(spec: JsonObject, path: string, value: JsonValue | undefined): JsonObject {
  const copy = structuredClone(spec);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((object, key) => object[key] as JsonObject, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
