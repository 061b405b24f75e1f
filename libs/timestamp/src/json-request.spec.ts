import { describe, expect, it } from '@jest/globals';
import { digest } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import fc from 'fast-check';
import { TimestampError } from './errors.ts';
import { MAX_JSON_REQUEST_BYTES, parseJsonRequest } from './json-request.ts';
import { refusal } from './testonly/refusal.ts';
import { ARTIFACT, DIGEST } from './testonly/request.ts';

const LEAST = `"artifactHash":"${encodeBase64(DIGEST)}","hashAlgorithm":"sha256"`;
const parse = (text: string) => parseJsonRequest(encodeUtf8(text));
const parseMember = (member: string) => parse(`{${LEAST},${member}}`);

describe('parseJsonRequest', () => {
  it('takes the two members that sigstore-js sends', () => {
    expect(parse(`{${LEAST}}`)).toEqual({
      hash: 'sha256',
      hashedMessage: DIGEST,
      policy: undefined,
      nonce: undefined,
      certReq: false,
      extensions: [],
    });
  });

  it('takes every member', () => {
    expect(parseMember('"certificates":true,"nonce":12345,"tsaPolicyOID":"1.2.3"')).toMatchObject({
      policy: '1.2.3',
      nonce: 12345n,
      certReq: true,
    });
  });

  it.each(['sha256', 'SHA256', 'Sha384', 'sHA512'])('takes %s in any case', (name) => {
    const hash = name.toLowerCase() as 'sha256';
    const artifactHash = encodeBase64(digest(hash, ARTIFACT));
    expect(parse(JSON.stringify({ artifactHash, hashAlgorithm: name })).hash).toBe(hash);
  });

  it('keeps every digit of a nonce', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 2000n), max: 1n << 2000n }), (nonce) => {
        expect(parseMember(`"nonce": ${nonce}`).nonce).toBe(nonce);
      }),
    );
    expect(parseMember('"nonce":9007199254740993').nonce).toBe(9007199254740993n);
    expect(parseMember(`"nonce":${'9'.repeat(900)}`).nonce).toBe(10n ** 900n - 1n);
  });

  it('finds the nonce of the request, not one that stands deeper or in a text', () => {
    expect(parseMember('"x":{"nonce":1},"y":["nonce",2],"z":"\\"nonce\\":3","nonce":4').nonce).toBe(4n);
    expect(parseMember('"nonce":4,"x":{"nonce":1},"y":[{"nonce":2}]').nonce).toBe(4n);
    expect(parseMember('"x":{"nonce":1},"z":"\\"nonce\\":3"').nonce).toBeUndefined();
    expect(parseMember('"\\u006eonce" : 5').nonce).toBe(5n);
  });

  it('passes over unknown members and takes null for absent', () => {
    expect(
      parseMember('"more":[1,{"a":"b"}],"nonce":null,"certificates":null,"tsaPolicyOID":null'),
    ).toMatchObject({
      policy: undefined,
      nonce: undefined,
      certReq: false,
    });
    expect(parseMember('"tsaPolicyOID":""').policy).toBeUndefined();
  });

  it.each<[string, string]>([
    ['a nonce in a string', '"nonce":"5"'],
    ['a nonce with a fraction', '"nonce":5.0'],
    ['a nonce with an exponent', '"nonce":1e5'],
    ['a nonce that would be a gigabyte', '"nonce":1e1000000000'],
    ['a nonce that is a list', '"nonce":[5]'],
    ['a nonce that is an object', '"nonce":{"a":5}'],
    ['a nonce that is true', '"nonce":true'],
    ['a nonce with a leading zero', '"nonce":05'],
    ['a nonce in hexadecimal', '"nonce":0x5'],
    ['certificates as text', '"certificates":"true"'],
    ['certificates as a number', '"certificates":1'],
    ['a policy that is a number', '"tsaPolicyOID":1.2'],
    ['a policy that is no identifier', '"tsaPolicyOID":"one.two"'],
    ['a policy of one component', '"tsaPolicyOID":"1"'],
    ['a policy of empty components', '"tsaPolicyOID":"1..2"'],
    ['a member that stands twice', '"nonce":1,"nonce":2'],
    ['a member that stands twice in two spellings', '"nonce":1,"\\u006eonce":2'],
    ['nesting without end', `"x":${'['.repeat(200)}${']'.repeat(200)}`],
    ['a comma too many', '"nonce":1,'],
  ])('refuses %s', async (_name, member) => {
    const { code, message } = await refusal(() => parseMember(member));
    expect(code).toBe('MALFORMED');
    expect(message).toMatch(/^Error generating timestamp response: ./);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['a list', `[{${LEAST}}]`],
    ['null', 'null'],
    ['a number', '5'],
    ['two objects', `{${LEAST}}{${LEAST}}`],
    ['a byte order mark', `\ufeff{${LEAST}}`],
    ['base64 in the URL alphabet', '{"artifactHash":"_-8=","hashAlgorithm":"sha256"}'],
    [
      'base64 without padding',
      `{"artifactHash":"${encodeBase64(DIGEST).slice(0, -1)}","hashAlgorithm":"sha256"}`,
    ],
    ['a digest that is no text', '{"artifactHash":5,"hashAlgorithm":"sha256"}'],
    ['a hash that is no text', `{"artifactHash":"${encodeBase64(DIGEST)}","hashAlgorithm":256}`],
  ])('refuses %s as a body', async (_name, body) => {
    expect((await refusal(() => parse(body))).code).toBe('MALFORMED');
  });

  it('refuses bytes that are not UTF-8', async () => {
    expect((await refusal(() => parseJsonRequest(Uint8Array.of(0x7b, 0xff, 0x7d)))).code).toBe('MALFORMED');
  });

  it('refuses SHA-1 as weak, and a hash that is unknown or absent', async () => {
    const hashed = (name: string) => () => parse(`{"artifactHash":"","hashAlgorithm":"${name}"}`);
    expect(await refusal(hashed('SHA1'))).toMatchObject({
      code: 'WEAK_HASH',
      message: 'Weak hash algorithm in timestamp request',
    });
    expect((await refusal(hashed('md5'))).code).toBe('HASH_ALGORITHM');
    expect((await refusal(hashed('sha-256'))).code).toBe('HASH_ALGORITHM');
    expect((await refusal(() => parse('{}'))).code).toBe('HASH_ALGORITHM');
  });

  it('takes a policy of 128 components and refuses one of 129', async () => {
    const policy = (components: number) => `"tsaPolicyOID":"${Array(components).fill('1').join('.')}"`;
    expect(parseMember(policy(128)).policy).toHaveLength(255);
    expect(await refusal(() => parseMember(policy(129)))).toMatchObject({
      code: 'OID_COMPONENTS',
      message: 'OID should be comprised of at most 128 components',
    });
  });

  it('takes 1024 bytes and refuses one more unread', async () => {
    const padded = (bytes: number) => `{${LEAST}}`.padEnd(bytes);
    expect(parse(padded(MAX_JSON_REQUEST_BYTES)).hash).toBe('sha256');
    expect(await refusal(() => parse(padded(MAX_JSON_REQUEST_BYTES + 1)))).toMatchObject({
      code: 'TOO_LARGE',
      message: 'timestamp request is too large',
    });
    expect((await refusal(() => parseMember(`"nonce":${'9'.repeat(500_000)}`))).code).toBe('TOO_LARGE');
  });

  it('answers any text with its own error', () => {
    const json = fc.json({ maxDepth: 12 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          json,
          json.map((value) => `{${LEAST},"nonce":${value}}`),
        ),
        (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(TimestampError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
