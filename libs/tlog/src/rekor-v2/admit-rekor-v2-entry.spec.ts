import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type KeyType, PrivateKeySigner, sha256 } from '@sigstead/crypto';
import {
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { preAuthEncoding } from '../dsse-envelope.ts';
import { buildEntryPolicy, type EntryPolicySettings } from '../entry-policy-settings.ts';
import { EntryPolicyError, TlogError } from '../errors.ts';
import { makeCertificate } from '../testonly/certificates.ts';
import { ARTIFACT } from '../testonly/entries.ts';
import { IN_TOTO, STATEMENT } from '../testonly/envelopes.ts';
import {
  dsseRequest,
  hashedRekordRequest,
  v2Parts,
  verifierOf,
  type V2Parts,
} from '../testonly/rekor-v2-requests.ts';
import { admitRekorV2Entry, MAX_REKOR_V2_ENTRY } from './admit-rekor-v2-entry.ts';

const signer = PrivateKeySigner.generate('P-256');
const ca = PrivateKeySigner.generate('P-256');
const parts = await v2Parts(signer);
const certificate = await makeCertificate({
  subject: '',
  issuer: 'a CA',
  key: signer,
  issuerKey: ca,
  tokenIssuer: 'https://issuer.example',
  names: [{ type: 'email', value: 'Someone@Example.com' }],
});
const limits = { maxBytes: 1 << 22, maxDepth: 16 };

function admit(request: JsonValue | Uint8Array, policy: EntryPolicySettings = {}) {
  const body = request instanceof Uint8Array ? request : encodeUtf8(JSON.stringify(request));
  return admitRekorV2Entry(body, limits, buildEntryPolicy(policy));
}

function refusalOf(request: JsonValue | Uint8Array, policy?: EntryPolicySettings): TlogError {
  try {
    admit(request, policy);
  } catch (error) {
    if (error instanceof TlogError) return error;
    throw error;
  }
  throw new Error('accepted');
}

const withParts = (changed: Partial<V2Parts>): JsonObject => hashedRekordRequest({ ...parts, ...changed });
const withVerifier = (changed: JsonObject): JsonObject =>
  withParts({ verifier: { ...parts.verifier, ...changed } });

/** RFC 8032 section 7.3: Ed25519ph of "abc". */
const PREHASHED: V2Parts = {
  digest: createHash('sha512').update('abc').digest(),
  signature: decodeHex(
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41' +
      '31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  ),
  verifier: {
    publicKey: {
      rawBytes: encodeBase64(
        decodeHex('302a300506032b6570032100ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf'),
      ),
    },
    keyDetails: 'PKIX_ED25519_PH',
  },
};

describe('admitRekorV2Entry of a hashedRekordRequestV002', () => {
  it('stores key, signature and digest as they were sent, in RFC 8785 order', () => {
    const { canonicalBody, attestation } = admit(hashedRekordRequest(parts));
    const verifier = parts.verifier as { publicKey: { rawBytes: string } };
    expect(decodeUtf8(canonicalBody)).toBe(
      '{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"' +
        `${encodeBase64(parts.digest)}"},"signature":{"content":"${encodeBase64(parts.signature)}","verifier":` +
        `{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"${verifier.publicKey.rawBytes}"}}}}}}`,
    );
    expect(attestation).toBeUndefined();
  });

  it('stores a certificate as it was sent', async () => {
    const { canonicalBody } = admit(hashedRekordRequest(await v2Parts(signer, certificate)));
    expect(decodeUtf8(canonicalBody)).toContain(
      `"verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"${encodeBase64(certificate.raw)}"}}`,
    );
  });

  it.each<[KeyType, string]>([
    ['P-256', 'SHA2_256'],
    ['P-384', 'SHA2_384'],
    ['P-521', 'SHA2_512'],
    ['RSA', 'SHA2_256'],
  ])('accepts %s with its hash', async (type, hash) => {
    const { canonicalBody } = admit(hashedRekordRequest(await v2Parts(PrivateKeySigner.generate(type))));
    expect(decodeUtf8(canonicalBody)).toContain(`"data":{"algorithm":"${hash}"`);
  });

  it('accepts Ed25519ph over SHA-512', () => {
    expect(decodeUtf8(admit(hashedRekordRequest(PREHASHED)).canonicalBody)).toContain('"PKIX_ED25519_PH"');
  });

  it('accepts an ECDSA signature as r and s, and stores it so', () => {
    const { r, s } = rawSignature(parts.signature);
    const raw = decodeHex(r + s);
    const { canonicalBody } = admit(withParts({ signature: raw }));
    expect(decodeUtf8(canonicalBody)).toContain(`"content":"${encodeBase64(raw)}"`);
  });

  it('gives the same body for every spelling of the same request', () => {
    const url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
    const spelled = {
      dsseRequestV002: null,
      hashed_rekord_request_v002: {
        digest: url(parts.digest),
        signature: {
          content: url(parts.signature),
          verifier: {
            key_details: 5,
            x509_certificate: null,
            public_key: { raw_bytes: url(signer.publicKey.spki) },
          },
        },
      },
    };
    expect(admit(spelled).canonicalBody).toEqual(admit(hashedRekordRequest(parts)).canonicalBody);
  });

  it('makes the entry searchable as Rekor v1 does, and by the token issuer', async () => {
    const { indexKeys } = admit(hashedRekordRequest(await v2Parts(signer, certificate)));
    expect(indexKeys).toEqual([
      encodeHex(sha256(encodeUtf8(certificate.toPem()))),
      'someone@example.com',
      'issuer:https://issuer.example',
      `sha256:${encodeHex(sha256(ARTIFACT))}`,
    ]);
  });

  it.each<[string, JsonObject, string, string]>([
    ['no signature', { digest: 'AA==' }, 'signature is missing', 'SPEC'],
    [
      'an empty signature',
      { digest: 'AA==', signature: { content: '', verifier: parts.verifier } },
      'signature.content is missing',
      'SPEC',
    ],
    [
      'no verifier',
      { digest: 'AA==', signature: { content: 'AA==' } },
      'signature.verifier is missing',
      'SPEC',
    ],
    ['no digest', { signature: { content: 'AA==', verifier: parts.verifier } }, 'digest is missing', 'SPEC'],
  ])('refuses %s, naming the field after the answer of stock Rekor', (_, message, reason, code) => {
    const error = refusalOf({ hashedRekordRequestV002: message });
    expect(error.message).toBe(`invalid hashedrekord request: hashedRekordRequestV002.${reason}`);
    expect(error.code).toBe(code);
    expect(error.field).toBe(`hashedRekordRequestV002.${reason.split(' ')[0]}`);
  });

  it.each<[string, JsonObject]>([
    ['neither key nor certificate', { publicKey: null }],
    ['key and certificate', { x509Certificate: { rawBytes: 'AA==' } }],
    ['an empty key', { publicKey: {} }],
    ['no keyDetails', { keyDetails: null }],
    ['keyDetails that are unspecified', { keyDetails: 'PUBLIC_KEY_DETAILS_UNSPECIFIED' }],
    ['keyDetails with an unknown name', { keyDetails: 'PKIX_ECDSA_P256' }],
    ['keyDetails with an unknown number', { keyDetails: 4711 }],
    ['keyDetails with a number as text', { keyDetails: '5' }],
    ['an unknown field', { publicKeyy: {} }],
    ['a key that is no object', { publicKey: 'AA==' }],
    ['a key that is a number', { publicKey: { rawBytes: 17 } }],
    ['bytes in two alphabets', { publicKey: { rawBytes: '-_+/' } }],
    ['bytes with white space', { publicKey: { rawBytes: 'AA A' } }],
    ['one field in two spellings', { key_details: 5 }],
  ])('refuses a verifier with %s', (_, changed) => {
    expect(refusalOf(withVerifier(changed))).toMatchObject({ code: 'SPEC' });
  });

  it.each<[string, Uint8Array]>([
    ['PEM', encodeUtf8(signer.publicKey.toPem())],
    ['bytes behind the key', Uint8Array.of(...signer.publicKey.spki, 0)],
    ['a key cut short', signer.publicKey.spki.slice(0, -1)],
    ['a point at infinity', decodeHex('3019301306072a8648ce3d020106082a8648ce3d03010703020000')],
    ['a point off the curve', offCurve()],
    ['a certificate', certificate.raw],
  ])('refuses as a public key %s', (_, rawBytes) => {
    const error = refusalOf(withVerifier({ publicKey: { rawBytes: encodeBase64(rawBytes) } }));
    expect(error).toMatchObject({
      code: 'VERIFIER',
      field: 'hashedRekordRequestV002.signature.verifier.publicKey.rawBytes',
    });
    expect(error.message).toMatch(/^invalid hashedrekord request: /);
  });

  it.each<[string, Uint8Array]>([
    ['PEM', encodeUtf8(certificate.toPem())],
    ['two certificates', Uint8Array.of(...certificate.raw, ...certificate.raw)],
    ['a bare key', signer.publicKey.spki],
  ])('refuses as a certificate %s', (_, rawBytes) => {
    const verifier = {
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      x509Certificate: { rawBytes: encodeBase64(rawBytes) },
    };
    expect(refusalOf(withParts({ verifier }))).toMatchObject({ code: 'VERIFIER' });
  });

  it('asks nothing of a certificate but its key', async () => {
    const expired = await makeCertificate({
      subject: 'x',
      issuer: 'nobody',
      key: signer,
      issuerKey: ca,
      notBefore: new Date('2001-01-01'),
      notAfter: new Date('2001-01-02'),
    });
    expect(admit(hashedRekordRequest(await v2Parts(signer, expired))).indexKeys).toHaveLength(2);
  });

  it.each([
    'PKIX_ED25519',
    'PKIX_ECDSA_P384_SHA_256',
    'PKIX_ECDSA_P256_HMAC_SHA_256',
    'PKIX_RSA_PSS_2048_SHA256',
    'PKIX_RSA_PKCS1V5',
    'LMS_SHA256',
    'ML_DSA_65',
  ])('understands %s and does not take it', (keyDetails) => {
    const error = refusalOf(withVerifier({ keyDetails }));
    const isOfThisKey = !keyDetails.includes('P384');
    expect(error.code).toBe(isOfThisKey ? 'ALGORITHM_POLICY' : 'VERIFIER');
    expect(error.message).toContain(keyDetails);
  });

  it('refuses keyDetails of another key: verifiers could not rebuild the entry', () => {
    const error = refusalOf(withVerifier({ keyDetails: 'PKIX_RSA_PKCS1V15_2048_SHA256' }));
    expect(error).toMatchObject({ code: 'VERIFIER' });
    expect(error.message).toBe(
      'invalid hashedrekord request: hashedRekordRequestV002.signature.verifier.keyDetails is PKIX_RSA_PKCS1V15_2048_SHA256, but the key is P-256',
    );
  });

  it('refuses an algorithm that this log does not list', () => {
    const error = refusalOf(hashedRekordRequest(parts), { algorithms: ['rsa-sign-pkcs1-4096-sha256'] });
    expect(error).toBeInstanceOf(EntryPolicyError);
    expect(error.message).toBe(
      'invalid hashedrekord request: hashedRekordRequestV002.signature.verifier.keyDetails PKIX_ECDSA_P256_SHA_256 ' +
        'is none of the algorithms this log takes: rsa-sign-pkcs1-4096-sha256',
    );
  });

  it.each([1, 31, 33, 48, 64])('refuses a digest of %i bytes', (length) => {
    const error = refusalOf(withParts({ digest: new Uint8Array(length) }));
    expect(error.message).toBe(
      `invalid hashedrekord request: hashedRekordRequestV002.digest has ${length} bytes, want 32 for PKIX_ECDSA_P256_SHA_256`,
    );
  });

  it('refuses a signature over another digest', () => {
    expect(refusalOf(withParts({ digest: sha256(encodeUtf8('another')) }))).toMatchObject({
      code: 'SIGNATURE',
      field: 'hashedRekordRequestV002.signature.content',
    });
  });

  it('refuses a signature by another key', async () => {
    const other = await v2Parts(PrivateKeySigner.generate('P-256'));
    expect(refusalOf(withParts({ verifier: other.verifier })).message).toMatch(
      /^invalid hashedrekord request: verifying signature: /,
    );
  });

  it('refuses whoever is not among the signers of the log', () => {
    const signers = { keys: [PrivateKeySigner.generate('P-256').publicKey.toPem()], authorities: [] };
    expect(refusalOf(hashedRekordRequest(parts), { signers }).code).toBe('SIGNER_POLICY');
    const ours = { keys: [signer.publicKey.toPem()], authorities: [] };
    expect(admit(hashedRekordRequest(parts), { signers: ours }).canonicalBody).toBeDefined();
  });

  it('refuses an entry that no bundle can hold', async () => {
    const names = [{ type: 'uri' as const, value: `https://${'a'.repeat(49_000)}` }];
    const large = await makeCertificate({ subject: '', issuer: 'a CA', key: signer, issuerKey: ca, names });
    const error = refusalOf(hashedRekordRequest(await v2Parts(signer, large)));
    expect(error.code).toBe('LIMIT');
    expect(error.message).toMatch(
      new RegExp(`^invalid entry: its canonical form has \\d+ bytes, at most ${MAX_REKOR_V2_ENTRY}`),
    );
  });
});

describe('admitRekorV2Entry of a dsseRequestV002', () => {
  it('logs the signature over the pre-authentication encoding as a hashedrekord', async () => {
    const request = await dsseRequest(signer);
    const { canonicalBody } = admit(request);
    const pae = preAuthEncoding(IN_TOTO, encodeUtf8(STATEMENT));
    const { envelope } = request['dsseRequestV002'] as { envelope: { signatures: [{ sig: string }] } };
    const same = hashedRekordRequest({
      digest: sha256(pae),
      signature: Buffer.from(envelope.signatures[0].sig, 'base64'),
      verifier: verifierOf(signer),
    });
    expect(decodeUtf8(canonicalBody)).toBe(decodeUtf8(admit(same).canonicalBody));
  });

  it('can be found by payload and statement, too', async () => {
    const { indexKeys } = admit(await dsseRequest(signer));
    expect(indexKeys).toContain(`sha256:${encodeHex(sha256(encodeUtf8(STATEMENT)))}`);
    expect(indexKeys).toContain(`sha256:${'aa'.repeat(32)}`);
    expect(indexKeys).toContain(`sha1:${'cc'.repeat(20)}`);
  });

  it('takes the hash from the key, which sigstore-js always names a P-256 one', async () => {
    const [p384, rsa] = [PrivateKeySigner.generate('P-384'), PrivateKeySigner.generate('RSA')];
    const named = (of: PrivateKeySigner) => ({ ...verifierOf(of), keyDetails: 'PKIX_ECDSA_P256_SHA_256' });
    expect(decodeUtf8(admit(await dsseRequest(p384, named(p384))).canonicalBody)).toContain(
      '"keyDetails":"PKIX_ECDSA_P384_SHA_384"',
    );
    expect(decodeUtf8(admit(await dsseRequest(rsa, named(rsa))).canonicalBody)).toMatch(
      /"keyDetails":"PKIX_RSA_PKCS1V15_\d{4}_SHA256"/,
    );
  });

  it('measures the pre-authentication encoding in bytes, not characters', async () => {
    const request = await dsseRequest(signer, undefined, { payload: 'ü€', payloadType: 'text/ü' });
    expect(admit(request).canonicalBody).toBeDefined();
  });

  it.each([0, 2])('refuses %i signatures', async (count) => {
    const request = await dsseRequest(signer);
    const message = request['dsseRequestV002'] as { envelope: { signatures: JsonValue[] } };
    message.envelope.signatures = Array<JsonValue>(count).fill(message.envelope.signatures[0] as JsonValue);
    const error = refusalOf(request);
    expect(error.message).toBe(
      `invalid dsse request: dsseRequestV002.envelope.signatures has ${count} items, want exactly 1`,
    );
  });

  it.each([0, 2])('refuses %i verifiers', async (count) => {
    const request = await dsseRequest(signer);
    const message = request['dsseRequestV002'] as { verifiers: JsonValue[] };
    message.verifiers = Array<JsonValue>(count).fill(verifierOf(signer));
    expect(refusalOf(request).message).toBe(
      `invalid dsse request: dsseRequestV002.verifiers has ${count} items, want exactly 1`,
    );
  });

  it('refuses another payload, another payload type and another key than were signed', async () => {
    const request = await dsseRequest(signer);
    const message = request['dsseRequestV002'] as { envelope: JsonObject; verifiers: JsonValue[] };
    const edited = (envelope: JsonObject, verifiers = message.verifiers): JsonObject => ({
      dsseRequestV002: { envelope: { ...message.envelope, ...envelope }, verifiers },
    });
    const other = verifierOf(PrivateKeySigner.generate('P-256'));
    for (const changed of [edited({ payload: 'AA==' }), edited({ payloadType: 'x' }), edited({}, [other])]) {
      expect(refusalOf(changed)).toMatchObject({
        code: 'SIGNATURE',
        field: 'dsseRequestV002.envelope.signatures.0.sig',
      });
    }
  });

  it('refuses half a character in the payload type', async () => {
    const request = await dsseRequest(signer, undefined, { payloadType: '\ud800' });
    expect(refusalOf(request)).toMatchObject({ code: 'SPEC', field: 'dsseRequestV002.envelope.payloadType' });
  });

  it('refuses an Ed25519 key that signed without a prehash', async () => {
    expect(refusalOf(await dsseRequest(PrivateKeySigner.generate('Ed25519')))).toMatchObject({
      code: 'SIGNATURE',
    });
  });

  it('is unknown to a log that does not take it', async () => {
    const error = refusalOf(await dsseRequest(signer), { kinds: ['hashedrekord'] });
    expect(error).toMatchObject({ code: 'KIND_UNKNOWN', message: 'invalid type, must be hashedrekord' });
  });
});

describe('admitRekorV2Entry of anything else', () => {
  it.each<[string, Uint8Array]>([
    ['an empty body', new Uint8Array()],
    ['an empty message', encodeUtf8('{}')],
    ['a message of nulls', encodeUtf8('{"hashedRekordRequestV002":null,"dsseRequestV002":null}')],
  ])('refuses %s for its type', (_, body) => {
    expect(refusalOf(body)).toMatchObject({
      code: 'KIND_UNKNOWN',
      message: 'invalid type, must be either hashedrekord or dsse',
    });
  });

  it.each<[string, string, string]>([
    ['an array', '[]', 'SPEC'],
    ['null', 'null', 'SPEC'],
    ['a kind of Rekor v1', '{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}', 'SPEC'],
    ['both kinds', '{"hashedRekordRequestV002":{},"dsseRequestV002":{}}', 'SPEC'],
    ['one kind in two spellings', '{"hashedRekordRequestV002":{},"hashed_rekord_request_v002":{}}', 'SPEC'],
    ['the same member twice', '{"hashedRekordRequestV002":{},"hashedRekordRequestV002":{}}', 'JSON'],
    ['the same member twice, once escaped', '{"dsseRequestV002":{},"dsse\\u0052equestV002":null}', 'JSON'],
    ['a member of a member twice', '{"dsseRequestV002":{"envelope":null,"envelope":{}}}', 'JSON'],
    ['text cut short', '{"hashedRekordRequestV002"', 'JSON'],
    ['more than one value', '{} {}', 'JSON'],
    ['a prototype', '{"__proto__":{}}', 'SPEC'],
    ['deep nesting', '['.repeat(100_000), 'LIMIT'],
  ])('refuses %s', (_, text, code) => {
    expect(refusalOf(encodeUtf8(text))).toMatchObject({ code });
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(refusalOf(Uint8Array.of(0x7b, 0xff, 0x7d))).toMatchObject({ code: 'JSON' });
  });

  it('refuses a body over the limit unread', () => {
    expect(refusalOf(new Uint8Array(limits.maxBytes + 1))).toMatchObject({ code: 'LIMIT' });
  });
});

function rawSignature(der: Uint8Array): { r: string; s: string } {
  const rLength = der[3] as number;
  const fixed = (bytes: Uint8Array) => encodeHex(bytes).padStart(64, '0').slice(-64);
  return { r: fixed(der.subarray(4, 4 + rLength)), s: fixed(der.subarray(6 + rLength)) };
}

function offCurve(): Uint8Array {
  const spki = Uint8Array.from(signer.publicKey.spki);
  spki[spki.length - 1] = (spki.at(-1) as number) ^ 1;
  return spki;
}
