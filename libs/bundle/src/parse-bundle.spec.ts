import { describe, expect, it } from '@jest/globals';
import { encodeBase64, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { parseBundle } from './parse-bundle.ts';
import {
  certificate,
  changed,
  dsseEnvelope,
  messageSignature,
  rootCertificate,
  tlogEntry,
  v01,
  v02,
  v03,
} from './testonly/bundles.ts';
import { refusal } from './testonly/errors.ts';

const parse = (bundle: JsonValue) => parseBundle(JSON.stringify(bundle));
const material = 'verificationMaterial';
const entry = `${material}.tlogEntries[0]`;
const proof = `${entry}.inclusionProof`;
const bytes = (length: number) => encodeBase64(new Uint8Array(length).fill(1));

describe('parseBundle', () => {
  it('reads a bundle of version 0.3', () => {
    expect(parse(v03)).toEqual({
      mediaType: v03.mediaType,
      version: '0.3',
      verificationMaterial: {
        key: { kind: 'certificate', certificates: [certificate] },
        tlogEntries: [
          {
            logIndex: 79605083n,
            logId: new Uint8Array(32).fill(1),
            kind: 'hashedrekord',
            kindVersion: '0.0.1',
            integratedTimeSeconds: 1710888076n,
            inclusionPromise: new Uint8Array([1, 2, 3]),
            inclusionProof: {
              logIndex: 75441652n,
              rootHash: new Uint8Array(32).fill(1),
              treeSize: 75441653n,
              hashes: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(1)],
              checkpoint: 'a checkpoint',
            },
            canonicalizedBody: encodeUtf8('{}'),
          },
        ],
        rfc3161Timestamps: [new Uint8Array([1, 2, 3])],
      },
      content: {
        kind: 'messageSignature',
        digestAlgorithm: 'sha256',
        digest: new Uint8Array(32).fill(1),
        signature: new Uint8Array([1, 2, 3]),
      },
    });
  });

  it('reads bytes as well as text', () => {
    expect(parseBundle(encodeUtf8(JSON.stringify(v03)))).toEqual(parse(v03));
  });

  it.each([
    ['application/vnd.dev.sigstore.bundle+json;version=0.1', '0.1', v01],
    ['application/vnd.dev.sigstore.bundle+json;version=0.2', '0.2', v02],
    ['application/vnd.dev.sigstore.bundle+json;version=0.3', '0.3', v03],
    ['application/vnd.dev.sigstore.bundle.v0.3+json', '0.3', v03],
  ])('takes %s for version %s', (mediaType, version, bundle) => {
    expect(parse({ ...bundle, mediaType })).toMatchObject({ mediaType, version });
  });

  it('reads a DSSE envelope', () => {
    const { messageSignature: _, ...rest } = v03;
    expect(parse({ ...rest, dsseEnvelope }).content).toEqual({
      kind: 'dsse',
      payloadType: 'application/vnd.in-toto+json',
      payload: encodeUtf8('{}'),
      signatures: [{ signature: new Uint8Array([1, 2, 3]), keyId: '' }],
    });
  });

  it.each([
    ['SHA2_256', 32, 'sha256'],
    ['SHA2_384', 48, 'sha384'],
    ['SHA2_512', 64, 'sha512'],
    [3, 64, 'sha512'],
  ])('reads the digest algorithm %s', (algorithm, size, digestAlgorithm) => {
    const bundle = changed(v03, 'messageSignature.messageDigest', { algorithm, digest: bytes(size) });
    expect(parse(bundle).content).toMatchObject({ digestAlgorithm });
  });

  it('reads a public key hint in place of a certificate', () => {
    const { certificate: _, ...rest } = v03.verificationMaterial;
    const bundle = { ...v03, verificationMaterial: { ...rest, publicKey: { hint: 'abc' } } };
    expect(parse(bundle).verificationMaterial.key).toEqual({ kind: 'publicKey', hint: 'abc' });
  });

  it('takes what protobuf JSON leaves out: zeros, empty lists, nulls', () => {
    const bare = { ...tlogEntry, logIndex: undefined, integratedTime: undefined, inclusionPromise: null };
    const bundle = JSON.parse(
      JSON.stringify(changed(v03, `${material}.timestampVerificationData`, null)),
    ) as JsonObject;
    const parsed = parse(changed(bundle, entry, JSON.parse(JSON.stringify(bare)) as JsonValue));
    expect(parsed.verificationMaterial.rfc3161Timestamps).toEqual([]);
    expect(parsed.verificationMaterial.tlogEntries[0]).toMatchObject({
      logIndex: 0n,
      integratedTimeSeconds: 0n,
    });
    expect(parsed.verificationMaterial.tlogEntries[0]).not.toHaveProperty('inclusionPromise');
  });

  it.each<[string, string, JsonValue]>([
    ['int64 as a number', `${entry}.logIndex`, 79605083],
    ['int64 at its end', `${entry}.logIndex`, '9223372036854775807'],
    ['base64 in the URL alphabet without padding', `${entry}.logId.keyId`, bytes(32).replaceAll('=', '')],
    ['an empty proof', `${proof}.hashes`, []],
    ['64 hashes', `${proof}.hashes`, Array<string>(64).fill(bytes(32))],
    ['32 entries', `${material}.tlogEntries`, Array<JsonValue>(32).fill(tlogEntry)],
    ['no entry', `${material}.tlogEntries`, []],
  ])('takes %s', (_, path, value) => {
    expect(refusal(() => parse(changed(v03, path, value)))).toBe('accepted');
  });

  it('takes original field names', () => {
    const { tlogEntries, certificate: leaf } = v03.verificationMaterial;
    const parsed = parse({
      media_type: v03.mediaType,
      verification_material: { certificate: { raw_bytes: leaf.rawBytes }, tlog_entries: tlogEntries },
      message_signature: v03.messageSignature,
    });
    expect(parsed.verificationMaterial.tlogEntries).toHaveLength(1);
  });

  it.each<[string, string, JsonValue | undefined]>([
    ['MISSING mediaType', 'mediaType', undefined],
    ['TYPE mediaType', 'mediaType', 3],
    ['MEDIA_TYPE mediaType', 'mediaType', 'application/vnd.dev.sigstore.bundle+json;version=99.9'],
    ['MEDIA_TYPE mediaType', 'mediaType', 'application/vnd.dev.sigstore.bundle.v0.4+json'],
    ['MEDIA_TYPE mediaType', 'mediaType', 'application/vnd.dev.sigstore.bundle+json; version=0.3'],
    ['UNKNOWN_FIELD', 'more', 1],
    ['DUPLICATE_FIELD', 'media_type', 'application/json'],
    ['ONE_OF', 'dsseEnvelope', dsseEnvelope],
    ['MISSING', 'messageSignature', undefined],
    ['TYPE messageSignature', 'messageSignature', []],
    ['MISSING messageSignature.signature', 'messageSignature.signature', undefined],
    ['MISSING messageSignature.signature', 'messageSignature.signature', ''],
    ['BASE64 messageSignature.signature', 'messageSignature.signature', 'not base64'],
    ['BASE64 messageSignature.signature', 'messageSignature.signature', 'AQJ='],
    ['BASE64 messageSignature.signature', 'messageSignature.signature', 'AQID\n'],
    ['BASE64 messageSignature.signature', 'messageSignature.signature', 'A'],
    ['BASE64 messageSignature.signature', 'messageSignature.signature', '+_-/'],
    ['MISSING messageSignature.messageDigest', 'messageSignature.messageDigest', undefined],
    [
      'MISSING messageSignature.messageDigest.algorithm',
      'messageSignature.messageDigest.algorithm',
      undefined,
    ],
    ['ENUM messageSignature.messageDigest.algorithm', 'messageSignature.messageDigest.algorithm', 'SHA1'],
    ['ENUM messageSignature.messageDigest.algorithm', 'messageSignature.messageDigest.algorithm', 'toString'],
    ['ENUM messageSignature.messageDigest.algorithm', 'messageSignature.messageDigest.algorithm', 0],
    ['LENGTH messageSignature.messageDigest.digest', 'messageSignature.messageDigest.digest', bytes(31)],
    ['MISSING verificationMaterial', material, undefined],
    ['TYPE verificationMaterial', material, 'x'],
    ['UNKNOWN_FIELD verificationMaterial', `${material}.more`, null],
    ['MISSING verificationMaterial', `${material}.certificate`, undefined],
    ['ONE_OF verificationMaterial', `${material}.publicKey`, { hint: 'x' }],
    ['MISSING verificationMaterial.certificate.rawBytes', `${material}.certificate`, {}],
    ['CERTIFICATE verificationMaterial.certificate', `${material}.certificate.rawBytes`, 'AQID'],
    [
      'ROOT_CERTIFICATE verificationMaterial.certificate',
      `${material}.certificate.rawBytes`,
      encodeBase64(rootCertificate),
    ],
    ['TYPE verificationMaterial.tlogEntries', `${material}.tlogEntries`, {}],
    ['TYPE verificationMaterial.tlogEntries[0]', entry, null],
    ['UNKNOWN_FIELD verificationMaterial.tlogEntries[0]', `${entry}.more`, 1],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, '-1'],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, -1],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, 1.5],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, 2 ** 53],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, '01'],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, ' 1'],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, ''],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, '9223372036854775808'],
    ['INTEGER verificationMaterial.tlogEntries[0].logIndex', `${entry}.logIndex`, true],
    ['INTEGER verificationMaterial.tlogEntries[0].integratedTime', `${entry}.integratedTime`, '-1'],
    ['MISSING verificationMaterial.tlogEntries[0].logId', `${entry}.logId`, undefined],
    ['MISSING verificationMaterial.tlogEntries[0].logId.keyId', `${entry}.logId`, {}],
    ['MISSING verificationMaterial.tlogEntries[0].kindVersion', `${entry}.kindVersion`, undefined],
    ['MISSING verificationMaterial.tlogEntries[0].kindVersion.kind', `${entry}.kindVersion.kind`, ''],
    [
      'MISSING verificationMaterial.tlogEntries[0].kindVersion.version',
      `${entry}.kindVersion.version`,
      undefined,
    ],
    [
      'MISSING verificationMaterial.tlogEntries[0].canonicalizedBody',
      `${entry}.canonicalizedBody`,
      undefined,
    ],
    [
      'MISSING verificationMaterial.tlogEntries[0].inclusionPromise.signedEntryTimestamp',
      `${entry}.inclusionPromise`,
      {},
    ],
    ['VERSION verificationMaterial.tlogEntries[0].inclusionProof', proof, undefined],
    ['LENGTH verificationMaterial.tlogEntries[0].inclusionProof.rootHash', `${proof}.rootHash`, bytes(33)],
    ['LENGTH verificationMaterial.tlogEntries[0].inclusionProof.hashes[1]', `${proof}.hashes[1]`, bytes(31)],
    ['TYPE verificationMaterial.tlogEntries[0].inclusionProof.hashes[1]', `${proof}.hashes[1]`, 5],
    ['INTEGER verificationMaterial.tlogEntries[0].inclusionProof.treeSize', `${proof}.treeSize`, 'x'],
    [
      'MISSING verificationMaterial.tlogEntries[0].inclusionProof.checkpoint',
      `${proof}.checkpoint`,
      undefined,
    ],
    [
      'MISSING verificationMaterial.tlogEntries[0].inclusionProof.checkpoint.envelope',
      `${proof}.checkpoint`,
      {},
    ],
    [
      'MISSING verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp',
      `${material}.timestampVerificationData.rfc3161Timestamps[0]`,
      {},
    ],
  ])('refuses with %s when %s is %j', (expected, path, value) => {
    expect(refusal(() => parse(changed(v03, path, value)))).toBe(expected);
  });

  it.each<[string, JsonValue]>([
    ['LENGTH dsseEnvelope.signatures', { ...dsseEnvelope, signatures: [] }],
    ['LENGTH dsseEnvelope.signatures', { ...dsseEnvelope, signatures: [{ sig: 'AQID' }, { sig: 'AQID' }] }],
    ['MISSING dsseEnvelope.signatures[0].sig', { ...dsseEnvelope, signatures: [{ keyid: 'x' }] }],
    [
      'UNKNOWN_FIELD dsseEnvelope.signatures[0]',
      { ...dsseEnvelope, signatures: [{ sig: 'AQID', cert: '' }] },
    ],
    ['MISSING dsseEnvelope.payloadType', { ...dsseEnvelope, payloadType: '' }],
    ['BASE64 dsseEnvelope.payload', { ...dsseEnvelope, payload: '{}' }],
  ])('refuses an envelope with %s', (expected, envelope) => {
    const bundle = changed(changed(v03, 'messageSignature', undefined), 'dsseEnvelope', envelope);
    expect(refusal(() => parse(bundle))).toBe(expected);
  });

  it.each<[string, string, JsonObject]>([
    [
      'a promise in version 0.1',
      `VERSION ${entry}.inclusionPromise`,
      changed(v01, `${entry}.inclusionPromise`, undefined),
    ],
    ['a proof in version 0.2', `VERSION ${proof}`, changed(v02, proof, undefined)],
    ['a chain in version 0.2', `VERSION ${material}.certificate`, { ...v03, mediaType: v02.mediaType }],
    [
      'a certificate in version 0.3',
      `VERSION ${material}.x509CertificateChain`,
      { ...v02, mediaType: v03.mediaType },
    ],
  ])('requires %s', (_, expected, bundle) => {
    expect(refusal(() => parse(bundle))).toBe(expected);
  });

  it('requires neither proof in version 0.1 nor promise in 0.2', () => {
    expect(refusal(() => parse(changed(v01, proof, undefined)))).toBe('accepted');
    expect(refusal(() => parse(changed(v02, `${entry}.inclusionPromise`, undefined)))).toBe('accepted');
  });

  it.each<[string, JsonValue]>([
    [`MISSING ${material}.x509CertificateChain.certificates`, []],
    [`LIMIT ${material}.x509CertificateChain.certificates`, Array<JsonValue>(11).fill({ rawBytes: 'AQID' })],
    [`MISSING ${material}.x509CertificateChain.certificates[0].rawBytes`, [{}]],
    [
      `ROOT_CERTIFICATE ${material}.x509CertificateChain.certificates[1]`,
      [{ rawBytes: encodeBase64(certificate) }, { rawBytes: encodeBase64(rootCertificate) }],
    ],
  ])('refuses a chain with %s', (expected, certificates) => {
    const path = `${material}.x509CertificateChain.certificates`;
    expect(refusal(() => parse(changed(v02, path, certificates)))).toBe(expected);
  });

  it.each<[string, string, JsonValue]>([
    [`LIMIT ${material}.tlogEntries`, `${material}.tlogEntries`, Array<JsonValue>(33).fill({})],
    [`LIMIT ${proof}.hashes`, `${proof}.hashes`, Array<JsonValue>(65).fill('')],
    [
      `LIMIT ${material}.timestampVerificationData.rfc3161Timestamps`,
      `${material}.timestampVerificationData.rfc3161Timestamps`,
      Array<JsonValue>(33).fill({}),
    ],
  ])('counts before it reads: %s', (expected, path, value) => {
    expect(refusal(() => parse(changed(v03, path, value)))).toBe(expected);
  });

  it('bounds the whole text and its depth before it parses', () => {
    expect(refusal(() => parseBundle(' '.repeat((16 << 20) + 1)))).toBe('LIMIT');
    expect(refusal(() => parseBundle('['.repeat(17)))).toBe('LIMIT');
    expect(refusal(() => parseBundle(`[${'0,'.repeat(10_000)}0]`))).toBe('LIMIT');
    expect(refusal(() => parseBundle(JSON.stringify(v03), { maxBytes: 100 }))).toBe('LIMIT');
  });

  it.each([
    ['JSON', ''],
    ['JSON', '{"mediaType":'],
    ['TYPE', 'null'],
    ['TYPE', '[]'],
    ['TYPE', '"bundle"'],
    ['MISSING mediaType', '{"__proto__":{"mediaType":"x"}}'],
    ['UNKNOWN_FIELD', '{"__proto__":{},"mediaType":"x"}'],
    ['MISSING mediaType', '{}'],
  ])('refuses with %s %j', (expected, text) => {
    expect(refusal(() => parseBundle(text))).toBe(expected);
  });

  it('says of a document of another kind that it is no bundle, before it minds its fields', () => {
    const attestation = JSON.stringify({ version: 1, verification_material: {}, envelope: {} });
    expect(() => parseBundle(attestation)).toThrow(
      'mediaType: is required: a document of "version", "verification_material", "envelope" is no Sigstore bundle',
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(refusal(() => parseBundle(new Uint8Array([0x22, 0xff, 0x22])))).toBe('JSON');
  });

  it('keeps a message digest apart from the signature', () => {
    expect(refusal(() => parse({ ...v03, messageSignature: { ...messageSignature, more: 1 } }))).toBe(
      'UNKNOWN_FIELD messageSignature',
    );
  });
});
