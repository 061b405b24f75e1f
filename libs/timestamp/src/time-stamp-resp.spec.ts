import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { digest, PrivateKeySigner, verifyMessage, type KeyType } from '@sigstead/crypto';
import { decodeUtf8, encodeBase64, encodeHex, tags } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import fc from 'fast-check';
import { makeCa, makeTimestampSigner, NOW, type TestTimestampSigner } from './testonly/authority.ts';
import { openssl } from './testonly/openssl.ts';
import { refusal } from './testonly/refusal.ts';
import { ARTIFACT, DIGEST } from './testonly/request.ts';
import { readResponse } from './testonly/read-response.ts';
import { parseTimeStampReq, type TimeStampReq } from './time-stamp-req.ts';
import { createTimestampResponse, type TimestampContext } from './time-stamp-resp.ts';

const POLICY = '1.3.6.1.4.1.57264.2';
const OTHER_POLICY = '1.2.3.4.5';
const SERIAL = Uint8Array.from({ length: 20 }, (_, i) => 0xd8 ^ i);
const REQUEST: TimeStampReq = {
  hash: 'sha256',
  hashedMessage: DIGEST,
  policy: undefined,
  nonce: undefined,
  certReq: false,
  extensions: [],
};

const KEY_TYPES = ['P-256', 'P-384', 'P-521', 'RSA'] as const satisfies readonly KeyType[];
const signers = new Map<KeyType, TestTimestampSigner>();
const signerOf = (type: KeyType): TestTimestampSigner => signers.get(type) as TestTimestampSigner;

beforeAll(async () => {
  for (const type of KEY_TYPES) signers.set(type, await makeTimestampSigner(type));
});

function respond(
  request: Partial<TimeStampReq> = {},
  context: Partial<TimestampContext> = {},
  type: KeyType = 'P-256',
): Promise<Uint8Array> {
  const { signer, chain } = signerOf(type);
  return createTimestampResponse(
    { ...REQUEST, ...request },
    {
      signer,
      chain,
      policy: { accepted: [POLICY, OTHER_POLICY], default: POLICY },
      genTime: NOW,
      serialNumber: SERIAL,
      accuracySeconds: 1,
      includeChain: false,
      ...context,
    },
  );
}

const pem = (chain: readonly Certificate[]): string => chain.map((one) => one.toPem()).join('');
/** `openssl ts -verify` judges the signer's validity by this moment. */
const AT_TIME = ['-attime', String(Math.floor(NOW.getTime() / 1000))];

describe('createTimestampResponse', () => {
  describe.each(KEY_TYPES)('signing with %s', (type) => {
    it.each(['sha256', 'sha384', 'sha512'] as const)('satisfies openssl for %s requests', async (hash) => {
      const { chain } = signerOf(type);
      for (const args of [['-cert'], ['-cert', '-no_nonce'], [], ['-no_nonce', '-tspolicy', OTHER_POLICY]]) {
        const query = openssl(['ts', '-query', '-data', 'artifact', `-${hash}`, '-out', 'out', ...args], {
          artifact: ARTIFACT,
        });
        for (const includeChain of [false, true]) {
          const response = await respond(parseTimeStampReq(query), { includeChain }, type);
          const verdict = openssl(
            // prettier-ignore
            ['ts', '-verify', '-queryfile', 'query', '-in', 'response', '-CAfile', 'root', '-untrusted', 'leaf', ...AT_TIME],
            { query, response, root: pem(chain.slice(1)), leaf: pem(chain.slice(0, 1)) },
          );
          expect(decodeUtf8(verdict)).toContain('Verification: OK');
        }
      }
    });
  });

  // sigstore-js verifies timestamps of ECDSA signers only.
  it.each(['P-256', 'P-384', 'P-521'] as const)(
    'satisfies @sigstore/verify with a %s signer',
    async (type) => {
      const key = PrivateKeySigner.generate('P-256');
      const signature = await key.sign(ARTIFACT);
      const { chain } = signerOf(type);
      const trust = toTrustMaterial(
        {
          mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
          certificateAuthorities: [],
          ctlogs: [],
          tlogs: [],
          timestampAuthorities: [
            {
              subject: undefined,
              uri: '',
              operator: '',
              certChain: { certificates: chain.map(({ raw }) => ({ rawBytes: Buffer.from(raw) })) },
              validFor: { start: chain[0]?.notBefore, end: undefined },
            },
          ],
        } as Parameters<typeof toTrustMaterial>[0],
        () => ({ publicKey: key.publicKey.keyObject, validFor: () => true }),
      );
      const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 1 });
      const entity = (timestamp: Uint8Array) =>
        toSignedEntity(
          bundleFromJSON({
            mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
            verificationMaterial: {
              publicKey: { hint: 'key' },
              tlogEntries: [],
              timestampVerificationData: {
                rfc3161Timestamps: [{ signedTimestamp: encodeBase64(timestamp) }],
              },
            },
            messageSignature: {
              messageDigest: { algorithm: 'SHA2_256', digest: encodeBase64(DIGEST) },
              signature: encodeBase64(signature),
            },
          }),
          Buffer.from(ARTIFACT),
        );
      for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
        for (const certReq of [false, true]) {
          const ours = await respond({ hash, hashedMessage: digest(hash, signature), certReq }, {}, type);
          expect(() => verifier.verify(entity(ours))).not.toThrow();
        }
      }
      const ofAnother = await respond({ hashedMessage: DIGEST }, {}, type);
      expect(() => verifier.verify(entity(ofAnother))).toThrow(/timestamp could not be verified/);
    },
  );

  it('says what was asked, in the structure of section 2.4.2', async () => {
    const { chain, signer } = signerOf('P-384');
    const [leaf] = chain as [Certificate];
    const request = { nonce: -5n, policy: OTHER_POLICY, certReq: true };
    const response = readResponse(await respond(request, {}, 'P-384'));
    expect(response).toMatchObject({
      policy: OTHER_POLICY,
      hashedMessage: DIGEST,
      genTime: '20260301120000Z',
      nonce: -5n,
      certificates: [leaf.raw],
      signerIssuer: leaf.issuer,
      signerSerialNumber: leaf.serialNumber,
    });
    // The top bit of the serial number is set: one more octet keeps it positive.
    expect(encodeHex(response.serialNumber)).toBe(`00${encodeHex(SERIAL)}`);
    expect(verifyMessage(signer.publicKey, 'sha384', response.signedAttrs, response.signature)).toBe(true);
  });

  it('takes the default policy when none is asked for', async () => {
    expect(readResponse(await respond()).policy).toBe(POLICY);
  });

  it('echoes a nonce exactly, whatever its size and sign, and writes none that was not sent', async () => {
    expect(readResponse(await respond()).nonce).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(1n << 4000n), max: 1n << 4000n }), async (nonce) => {
        expect(readResponse(await respond({ nonce })).nonce).toBe(nonce);
      }),
      { numRuns: 50 },
    );
    const twentyOctets = (1n << 160n) - 1n;
    expect(readResponse(await respond({ nonce: twentyOctets })).nonce).toBe(twentyOctets);
  });

  it('carries no certificate, the signer’s, or the chain, as client and operator want', async () => {
    const { chain } = signerOf('P-256');
    const carried = async (certReq: boolean, includeChain: boolean) =>
      readResponse(await respond({ certReq }, { includeChain })).certificates;
    expect(await carried(false, false)).toEqual([]);
    expect(await carried(false, true)).toEqual([]);
    expect(await carried(true, false)).toEqual([chain[0]?.raw]);
    expect(await carried(true, true)).toHaveLength(chain.length);
  });

  it('writes the certificates in the order of a SET OF, whichever of them comes first', async () => {
    for (const type of KEY_TYPES) {
      const { certificates } = readResponse(await respond({ certReq: true }, { includeChain: true }, type));
      const sorted = signerOf(type)
        .chain.map(({ raw }) => encodeHex(raw))
        .sort();
      expect(certificates.map(encodeHex)).toEqual(sorted);
    }
    const [leaf, root] = signerOf('RSA').chain as [Certificate, Certificate];
    expect(encodeHex(leaf.raw) > encodeHex(root.raw)).toBe(true);
  });

  it('writes GeneralizedTime in whole seconds, before and after 2050', async () => {
    const times = {
      '2049-12-31T23:59:59.999Z': '20491231235959Z',
      '2050-01-01T00:00:00.001Z': '20500101000000Z',
    };
    for (const [instant, genTime] of Object.entries(times)) {
      const profile = { notAfter: new Date('2060-01-01T00:00:00Z') };
      const { signer, chain } = await makeTimestampSigner('P-256', {
        above: [await makeCa('long', profile)],
        profile,
      });
      const response = readResponse(await respond({}, { signer, chain, genTime: new Date(instant) }));
      expect(response.genTime).toBe(genTime);
      // RFC 5652 section 11.3: signingTime is UTCTime through 2049.
      expect(response.signingTimeTag).toBe(genTime.startsWith('2049') ? tags.utcTime : tags.generalizedTime);
    }
  });

  it('does not sign with certificates that are not valid at the time', async () => {
    const { chain } = signerOf('P-256');
    const late = new Date((chain[0] as Certificate).notAfter.getTime() + 1000);
    expect(await refusal(() => respond({}, { genTime: late }))).toMatchObject({ code: 'CHAIN' });
    expect(await refusal(() => respond({}, { chain: signerOf('P-384').chain }))).toMatchObject({
      code: 'CHAIN',
    });
    expect(await refusal(() => respond({}, { chain: [] }))).toMatchObject({ code: 'CHAIN' });
  });

  it('does not sign what the request checks refuse', async () => {
    expect((await refusal(() => respond({ policy: '1.2.3' }))).code).toBe('POLICY');
    expect((await refusal(() => respond({ extensions: ['1.2.3'] }))).code).toBe('EXTENSION');
    expect((await refusal(() => respond({ hash: 'sha512' }))).code).toBe('DIGEST_LENGTH');
  });

  it('refuses a serial number that is zero, empty or too long, and an accuracy that is none', async () => {
    for (const serialNumber of [new Uint8Array(20), new Uint8Array(), new Uint8Array(21).fill(1)])
      expect((await refusal(() => respond({}, { serialNumber }))).code).toBe('PROFILE');
    for (const accuracySeconds of [0, -1, 0.5, NaN])
      expect((await refusal(() => respond({}, { accuracySeconds }))).code).toBe('PROFILE');
  });
});
