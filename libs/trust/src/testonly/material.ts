import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import { Certificate, encodeCaCertificate, signTbs } from '@sigstead/x509';
import type { SigningConfig } from '../signing-config.ts';
import type { CertificateAuthority, TransparencyLogInstance } from '../trusted-root.ts';

export const START = new Date('2026-01-01T00:00:00Z');
export const END = new Date('2027-01-01T00:00:00.250Z');

export function log(
  type: KeyType,
  keyDetails: string,
  overrides: Partial<TransparencyLogInstance> = {},
): TransparencyLogInstance {
  const key = PrivateKeySigner.generate(type).publicKey;
  return {
    baseUrl: 'http://rekor.example.com',
    hashAlgorithm: 'SHA2_256',
    logId: key.keyId,
    key,
    keyDetails,
    validFor: { start: START },
    ...overrides,
  };
}

export async function authority(commonName: string): Promise<CertificateAuthority> {
  const signer = PrivateKeySigner.generate('P-384');
  const subject = { organization: 'acme', commonName };
  const tbs = encodeCaCertificate({
    serialNumber: Uint8Array.of(1),
    subject,
    publicKey: signer.publicKey,
    notBefore: START,
    notAfter: new Date('2036-01-01T00:00:00Z'),
  });
  const certificates = [Certificate.parse(await signTbs(tbs, signer))];
  return { uri: 'http://ca.example.com', subject, certificates, validFor: { start: START, end: END } };
}

const service = (url: string, majorApiVersion = 1): SigningConfig['caUrls'][number] => ({
  url,
  majorApiVersion,
  validFor: { start: START },
  operator: 'acme',
});

export const SIGNING_CONFIG: SigningConfig = {
  caUrls: [service('http://127.0.0.1:5555')],
  oidcUrls: [service('http://127.0.0.1:8090')],
  rekorTlogUrls: [service('http://127.0.0.1:3000')],
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [service('http://127.0.0.1:3004/api/v1/timestamp')],
  tsaConfig: { selector: 'EXACT', count: 1 },
};
