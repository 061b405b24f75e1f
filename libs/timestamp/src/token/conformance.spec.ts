import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decodeBase64 } from '@sigstead/encoding';
import { Certificate } from '@sigstead/x509';
import { TimestampError } from '../errors.ts';
import { vectorsFolder } from '../testonly/vectors.ts';
import { isSignedBy, parseTimestamp } from './parse-timestamp.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

const cases = vectorsFolder('sigstore-conformance/bundle-verify');
const publicGood = vectorsFolder('sigstore-public-good');
const conformance = cases === undefined || publicGood === undefined ? describe.skip : describe;

/** The part of a bundle that is of interest here. */
interface BundleJson {
  readonly verificationMaterial: {
    readonly timestampVerificationData: {
      readonly rfc3161Timestamps: readonly { signedTimestamp: string }[];
    };
  };
  readonly messageSignature?: { readonly signature: string };
  readonly dsseEnvelope?: { readonly signatures: readonly { sig: string }[] };
}

interface TrustedRootJson {
  readonly timestampAuthorities: readonly {
    readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
  }[];
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function authorities(name: string): Certificate[][] {
  const own = join(cases ?? '', name, 'trusted_root.json');
  const path = existsSync(own) ? own : join(publicGood ?? '', 'trusted_root.json');
  return (json(path) as TrustedRootJson).timestampAuthorities.map(({ certChain }) =>
    certChain.certificates.map(({ rawBytes }) => Certificate.parse(decodeBase64(rawBytes))),
  );
}

/** Time of the only timestamp in a case's bundle, code of the refusal, or that no authority of the root made it. */
function judge(name: string): string {
  const bundle = json(join(cases ?? '', name, 'bundle.sigstore.json')) as BundleJson;
  const [only] = bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
  const signature = bundle.messageSignature?.signature ?? bundle.dsseEnvelope?.signatures[0]?.sig;
  // One case has its base64 in lines.
  const timestamp = parseTimestamp(decodeBase64(only?.signedTimestamp.replaceAll('\n', '') ?? ''));
  const chain = authorities(name).find(([signer]) => isSignedBy(timestamp, signer as Certificate));
  if (chain === undefined) return 'unknown authority';
  try {
    const verified = verifyTimestamp(timestamp, decodeBase64(signature ?? ''), chain);
    expect(verified.signer).toBe(chain[0]);
    return verified.genTime.toISOString();
  } catch (error) {
    if (error instanceof TimestampError) return error.code;
    throw error;
  }
}

conformance('timestamps of the conformance suite', () => {
  it.each([
    ['rekor2-timestamp-with-embedded-cert', '2025-08-06T18:51:36.000Z'],
    ['rekor2-timestamp-without-embedded-cert', '2025-08-06T19:03:51.000Z'],
    ['rekor2-timestamp-with-expired-cert-chain', '2025-08-07T15:32:26.000Z'],
    ['rekor2-happy-path', '2025-06-12T12:02:20.000Z'],
    ['rekor2-dsse-happy-path', '2026-05-13T19:23:33.000Z'],
    ['intoto-with-custom-trust-root', '2023-02-01T00:00:00.000Z'],
    ['bundle-with-sct-with-extensions', '2026-01-15T22:49:26.000Z'],
    ['managed-key-happy-path', '2025-12-18T17:04:39.000Z'],
  ])('%s is accepted', (name, genTime) => {
    expect(judge(name)).toBe(genTime);
  });

  it.each([
    ['rekor2-timestamp-outside-tsa-cert-validity_fail', 'CHAIN'],
    ['rekor2-timestamp-payload-mismatch_fail', 'IMPRINT'],
    ['rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail', 'unknown authority'],
    ['rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail', 'unknown authority'],
  ])('%s is refused', (name, reason) => {
    expect(judge(name)).toBe(reason);
  });

  // Windows of the trusted root and of the signing certificate are the caller's business: the timestamps are in order.
  it.each([
    ['rekor2-timestamp-outside-trust-root-tsa-validity_fail', '2025-06-12T12:02:20.000Z'],
    ['rekor2-timestamp-with-incorrect-time_fail', '2025-07-15T10:33:31.000Z'],
    ['intoto-tsa-timestamp-outside-cert-validity_fail', '2023-02-02T00:00:00.000Z'],
  ])('%s is a true time, for the caller to refuse', (name, genTime) => {
    expect(judge(name)).toBe(genTime);
  });
});
