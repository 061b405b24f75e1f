import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeBase64, encodeHex, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { PrivateKeySigner, sha256, type KeyType } from '@sigstead/crypto';
import { TrustError } from './errors.ts';
import { authority, END, log, START } from './testonly/material.ts';
import { refusal } from './testonly/refusal.ts';
import { vectorsFolder } from './testonly/vectors.ts';
import {
  parseTrustedRoot,
  serializeTrustedRoot,
  TRUSTED_ROOT_MEDIA_TYPE,
  type TrustedRoot,
} from './trusted-root.ts';

const publicGood = vectorsFolder('sigstore-public-good');
const conformance = vectorsFolder('sigstore-conformance');

/** What tests compare: keys and certificates by their bytes. */
function plain(root: TrustedRoot): unknown {
  const logs = (list: TrustedRoot['tlogs']): unknown =>
    list.map(({ key, logId, ...rest }) => ({ ...rest, key: encodeHex(key.spki), logId: encodeHex(logId) }));
  const authorities = (list: TrustedRoot['certificateAuthorities']): unknown =>
    list.map(({ certificates, ...rest }) => ({
      ...rest,
      certificates: certificates.map(({ raw }) => encodeHex(raw)),
    }));
  return {
    tlogs: logs(root.tlogs),
    ctlogs: logs(root.ctlogs),
    certificateAuthorities: authorities(root.certificateAuthorities),
    timestampAuthorities: authorities(root.timestampAuthorities),
  };
}

describe('trusted root', () => {
  let root: TrustedRoot;
  let document: JsonObject;

  beforeAll(async () => {
    root = {
      tlogs: [
        log('P-256', 'PKIX_ECDSA_P256_SHA_256'),
        log('Ed25519', 'PKIX_ED25519', { logId: sha256(Uint8Array.of(1)) }),
      ],
      ctlogs: [log('P-256', 'PKIX_ECDSA_P256_SHA_256', { validFor: { start: START, end: END } })],
      certificateAuthorities: [await authority('ca')],
      timestampAuthorities: [await authority('tsa')],
    };
    document = parseJson(serializeTrustedRoot(root), { maxBytes: 1 << 20 }) as JsonObject;
  });

  it('survives its JSON', () => {
    expect(plain(parseTrustedRoot(serializeTrustedRoot(root)))).toEqual(plain(root));
    expect(serializeTrustedRoot(parseTrustedRoot(serializeTrustedRoot(root)))).toBe(
      serializeTrustedRoot(root),
    );
  });

  it('is written without fields of version 0.2 unless they were given', () => {
    expect(Object.keys(document)).toEqual([
      'mediaType',
      'tlogs',
      'certificateAuthorities',
      'ctlogs',
      'timestampAuthorities',
    ]);
    expect(serializeTrustedRoot(root)).not.toMatch(/operator|checkpointKeyId/);
  });

  it('keeps operator and checkpoint key ID', () => {
    const extra = { operator: 'acme', checkpointKeyId: Uint8Array.of(1, 2, 3, 4) };
    const [tlog] = root.tlogs;
    const [ca] = root.certificateAuthorities;
    if (tlog === undefined || ca === undefined) throw new Error('empty');
    const full = {
      ...root,
      tlogs: [{ ...tlog, ...extra }],
      certificateAuthorities: [{ ...ca, operator: 'acme' }],
    };
    expect(plain(parseTrustedRoot(serializeTrustedRoot(full)))).toEqual(plain(full));
  });

  it('may lack what is optional, written as null or not at all', () => {
    const empty = parseTrustedRoot(JSON.stringify({ mediaType: TRUSTED_ROOT_MEDIA_TYPE, tlogs: null }));
    expect(empty).toEqual({ tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] });
    const bare = structuredClone(document);
    const [ca] = bare['certificateAuthorities'] as JsonObject[];
    if (ca === undefined) throw new Error('empty');
    for (const name of ['uri', 'subject', 'validFor']) ca[name] = null;
    expect(parseTrustedRoot(JSON.stringify(bare)).certificateAuthorities[0]).toMatchObject({
      uri: '',
      subject: { organization: '', commonName: '' },
      validFor: {},
    });
  });

  it('takes enums by number, as proto3 JSON does', () => {
    const numbered = structuredClone(document);
    const [tlog] = numbered['tlogs'] as JsonObject[];
    Object.assign(tlog as JsonObject, { hashAlgorithm: 1 });
    Object.assign((tlog as JsonObject)['publicKey'] as JsonObject, { keyDetails: 5 });
    expect(parseTrustedRoot(JSON.stringify(numbered)).tlogs[0]).toMatchObject({
      hashAlgorithm: 'SHA2_256',
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    });
  });

  it.each<[KeyType, string]>([
    ['P-256', 'PKIX_ECDSA_P256_SHA_256'],
    ['P-384', 'PKIX_ECDSA_P384_SHA_384'],
    ['P-521', 'PKIX_ECDSA_P521_SHA_512'],
    ['Ed25519', 'PKIX_ED25519'],
    ['Ed25519', 'PKIX_ED25519_PH'],
    ['RSA', 'PKIX_RSA_PKCS1V15_2048_SHA256'],
    ['RSA', 'PKIX_RSA_PKCS1V5'],
    ['RSA', 'PKCS1_RSA_PKCS1V5'],
  ])('carries %s keys as %s', (type, keyDetails) => {
    const one = { ...root, tlogs: [log(type, keyDetails)] };
    expect(plain(parseTrustedRoot(serializeTrustedRoot(one)))).toEqual(plain(one));
  });

  const set = (path: readonly (string | number)[], value: JsonValue) => (): string => {
    const changed = structuredClone(document);
    let at: JsonValue = changed;
    for (const step of path.slice(0, -1)) at = (at as Record<string | number, JsonValue>)[step] as JsonValue;
    (at as Record<string | number, JsonValue>)[path.at(-1) ?? ''] = value;
    return refusal(() => parseTrustedRoot(JSON.stringify(changed)));
  };
  const key = ['tlogs', 0, 'publicKey'] as const;
  const rsaSpki = encodeBase64(PrivateKeySigner.generate('RSA').publicKey.spki);

  it.each<[string, () => string]>([
    ['MEDIA_TYPE mediaType', set(['mediaType'], 'application/vnd.dev.sigstore.trustedroot.v0.2+json')],
    ['MEDIA_TYPE mediaType', set(['mediaType'], null)],
    ['FIELD mediaType', set(['mediaType'], 1)],
    ['UNKNOWN_FIELD extra', set(['extra'], null)],
    ['UNKNOWN_FIELD tlogs[0].publicKey.extra', set([...key, 'extra'], 1)],
    ['UNKNOWN_FIELD tlogs[0].publicKey.validFor.from', set([...key, 'validFor', 'from'], 'x')],
    ['FIELD tlogs', set(['tlogs'], {})],
    ['FIELD tlogs[0]', set(['tlogs', 0], 'x')],
    ['LIMIT tlogs', set(['tlogs'], new Array<JsonValue>(1025).fill({}))],
    ['LIMIT tlogs[0].baseUrl', set(['tlogs', 0, 'baseUrl'], 'x'.repeat(2049))],
    ['FIELD tlogs[0].baseUrl', set(['tlogs', 0, 'baseUrl'], 7)],
    ['HASH_ALGORITHM tlogs[0].hashAlgorithm', set(['tlogs', 0, 'hashAlgorithm'], 'SHA2_512')],
    ['HASH_ALGORITHM tlogs[0].hashAlgorithm', set(['tlogs', 0, 'hashAlgorithm'], null)],
    ['FIELD tlogs[0].hashAlgorithm', set(['tlogs', 0, 'hashAlgorithm'], {})],
    ['MISSING_FIELD tlogs[0].publicKey', set(['tlogs', 0, 'publicKey'], null)],
    ['MISSING_FIELD tlogs[0].publicKey.rawBytes', set([...key, 'rawBytes'], null)],
    ['MISSING_FIELD tlogs[0].publicKey.rawBytes', set([...key, 'rawBytes'], '')],
    ['FIELD tlogs[0].publicKey.rawBytes', set([...key, 'rawBytes'], 1)],
    ['BASE64 tlogs[0].publicKey.rawBytes', set([...key, 'rawBytes'], 'a b')],
    ['KEY tlogs[0].publicKey.rawBytes', set([...key, 'rawBytes'], 'MAAA')],
    ['MISSING_FIELD tlogs[0].publicKey.keyDetails', set([...key, 'keyDetails'], null)],
    ['KEY_DETAILS tlogs[0].publicKey.keyDetails', set([...key, 'keyDetails'], 'ML_DSA_65')],
    ['KEY_DETAILS tlogs[0].publicKey.keyDetails', set([...key, 'keyDetails'], 'PKIX_ECDSA_P384_SHA_384')],
    ['KEY_DETAILS tlogs[0].publicKey.keyDetails', set([...key, 'keyDetails'], 'PKIX_RSA_PKCS1V5')],
    ['KEY tlogs[0].publicKey.rawBytes', set([...key, 'keyDetails'], 'PKCS1_RSA_PKCS1V5')],
    [
      'KEY_DETAILS tlogs[0].publicKey.keyDetails',
      set(key, {
        rawBytes: rsaSpki,
        keyDetails: 'PKIX_RSA_PKCS1V15_4096_SHA256',
        validFor: { start: '2026-01-01T00:00:00Z' },
      }),
    ],
    ['VALIDITY tlogs[0].publicKey.validFor.start', set([...key, 'validFor'], null)],
    ['VALIDITY tlogs[0].publicKey.validFor.start', set([...key, 'validFor'], {})],
    [
      'VALIDITY ctlogs[0].publicKey.validFor.start',
      set(['ctlogs', 0, 'publicKey', 'validFor', 'start'], null),
    ],
    [
      'VALIDITY tlogs[0].publicKey.validFor.start',
      set([...key, 'validFor', 'start'], '2026-02-30T00:00:00Z'),
    ],
    ['VALIDITY tlogs[0].publicKey.validFor', set([...key, 'validFor', 'end'], '2025-01-01T00:00:00Z')],
    ['MISSING_FIELD tlogs[0].logId', set(['tlogs', 0, 'logId'], null)],
    ['LOG_ID tlogs[0].logId.keyId', set(['tlogs', 0, 'logId', 'keyId'], 'AAAA')],
    [
      'MISSING_FIELD certificateAuthorities[0].certChain',
      set(['certificateAuthorities', 0, 'certChain'], null),
    ],
    [
      'CERTIFICATE certificateAuthorities[0].certChain.certificates',
      set(['certificateAuthorities', 0, 'certChain', 'certificates'], []),
    ],
    [
      'CERTIFICATE certificateAuthorities[0].certChain.certificates[0].rawBytes',
      set(['certificateAuthorities', 0, 'certChain', 'certificates', 0, 'rawBytes'], 'MAAA'),
    ],
    [
      'VALIDITY timestampAuthorities[0].validFor.end',
      set(['timestampAuthorities', 0, 'validFor', 'end'], 'tomorrow'),
    ],
  ])('refuses with %s', (want, run) => {
    expect(run()).toBe(want);
  });

  it('refuses members that stand twice: readers would take the one or the other', () => {
    const text = serializeTrustedRoot(root);
    expect(refusal(() => parseTrustedRoot(text.replace('"tlogs":', '"tlogs":[],"tlogs":')))).toBe('JSON');
  });

  it('refuses what is no JSON or too much of it', () => {
    expect(refusal(() => parseTrustedRoot('{'))).toBe('JSON');
    expect(refusal(() => parseTrustedRoot(Uint8Array.of(0xff)))).toBe('JSON');
    expect(refusal(() => parseTrustedRoot(' '.repeat(4 * 1024 * 1024 + 1)))).toBe('LIMIT');
    expect(refusal(() => parseTrustedRoot('['.repeat(20) + ']'.repeat(20)))).toBe('LIMIT');
    expect(refusal(() => parseTrustedRoot('null'))).toBe('FIELD');
    expect(refusal(() => parseTrustedRoot('{"__proto__":1}'))).toBe('UNKNOWN_FIELD __proto__');
  });

  it('answers any change of a character with a TrustError', () => {
    const text = serializeTrustedRoot(root);
    const characters = fc.constantFrom('"', '{', '}', '[', ',', 'A', '0', '-', '=', 'é', ':');
    fc.assert(
      fc.property(fc.nat(text.length - 1), characters, (at, character) => {
        try {
          parseTrustedRoot(text.slice(0, at) + character + text.slice(at + 1));
        } catch (error) {
          if (!(error instanceof TrustError)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });
});

if (publicGood === undefined || conformance === undefined) {
  it.skip('published trusted roots: no vectors at SIGSTEAD_VECTORS', () => undefined);
} else {
  describe('published trusted roots', () => {
    it('of the public instance comes out as it went in', () => {
      const text = readFileSync(join(publicGood, 'trusted_root.json'), 'utf8');
      expect(JSON.parse(serializeTrustedRoot(parseTrustedRoot(text)))).toEqual(JSON.parse(text));
    });

    const cases = join(conformance, 'bundle-verify');
    const names = readdirSync(cases).filter((name) => existsSync(join(cases, name, 'trusted_root.json')));
    const missingStart = 'trust-root-tlog-missing-validity-start_fail';

    it.each(names.filter((name) => name !== missingStart))('of conformance case %s survives', (name) => {
      const root = parseTrustedRoot(new Uint8Array(readFileSync(join(cases, name, 'trusted_root.json'))));
      expect(plain(parseTrustedRoot(serializeTrustedRoot(root)))).toEqual(plain(root));
    });

    it('of conformance case trust-root-tlog-missing-validity-start_fail is refused', () => {
      const text = readFileSync(join(cases, missingStart, 'trusted_root.json'), 'utf8');
      expect(refusal(() => parseTrustedRoot(text))).toBe('VALIDITY tlogs[1].publicKey.validFor.start');
    });
  });
}
