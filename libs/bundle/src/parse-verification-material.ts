import {
  type BundleLimits,
  type BundleVersion,
  type VerificationKey,
  type VerificationMaterial,
} from './bundle.ts';
import { assertCertificates } from './certificates.ts';
import { BundleError } from './errors.ts';
import { type Located, MessageReader } from './message-reader.ts';
import { readTlogEntry } from './parse-tlog-entry.ts';

const KEY_FIELDS = ['publicKey', 'x509CertificateChain', 'certificate'] as const;

export function readVerificationMaterial(
  root: MessageReader,
  version: BundleVersion,
  limits: BundleLimits,
): VerificationMaterial {
  const material = root.requiredMessage('verificationMaterial', [
    ...KEY_FIELDS,
    'tlogEntries',
    'timestampVerificationData',
  ]);
  return {
    key: readKey(material, version, limits),
    tlogEntries: material
      .list('tlogEntries', limits.maxTlogEntries)
      .map((item) => readTlogEntry(item, limits.maxProofHashes)),
    rfc3161Timestamps: readTimestamps(material, limits),
  };
}

function readKey(material: MessageReader, version: BundleVersion, limits: BundleLimits): VerificationKey {
  const given = KEY_FIELDS.filter((field) => material.has(field));
  if (given.length > 1)
    throw new BundleError('ONE_OF', material.path, `${given.join(' and ')} exclude each other`);
  const [field] = given;
  if (field === undefined) {
    throw new BundleError('MISSING', material.path, `one of ${KEY_FIELDS.join(', ')} is required`);
  }
  switch (field) {
    case 'publicKey':
      return { kind: 'publicKey', hint: material.requiredMessage('publicKey', ['hint']).text('hint') };
    case 'certificate':
      return readCertificate(material, version);
    case 'x509CertificateChain':
      return readCertificateChain(material, version, limits);
  }
}

function readCertificate(material: MessageReader, version: BundleVersion): VerificationKey {
  const path = material.at('certificate');
  if (version !== '0.3') {
    throw new BundleError('VERSION', path, `version ${version} has x509CertificateChain instead`);
  }
  const certificates = [readRawBytes(material.requiredMessage('certificate', ['rawBytes']))];
  assertCertificates(certificates, () => path);
  return { kind: 'certificate', certificates };
}

function readCertificateChain(
  material: MessageReader,
  version: BundleVersion,
  limits: BundleLimits,
): VerificationKey {
  const chain = material.requiredMessage('x509CertificateChain', ['certificates']);
  if (version === '0.3')
    throw new BundleError('VERSION', chain.path, 'version 0.3 has a single certificate instead');
  const items = chain.list('certificates', limits.maxCertificates);
  if (items.length === 0) throw new BundleError('MISSING', chain.at('certificates'), 'is required');
  const certificates = items.map((item) => readRawBytes(new MessageReader(item, ['rawBytes'])));
  assertCertificates(certificates, (index) => `${chain.at('certificates')}[${index}]`);
  return { kind: 'certificate', certificates };
}

function readRawBytes(certificate: MessageReader): Uint8Array {
  return certificate.requiredBytes('rawBytes');
}

function readTimestamps(material: MessageReader, limits: BundleLimits): Uint8Array[] {
  const data = material.message('timestampVerificationData', ['rfc3161Timestamps']);
  return data?.list('rfc3161Timestamps', limits.maxTimestamps).map(readTimestamp) ?? [];
}

function readTimestamp(item: Located): Uint8Array {
  return new MessageReader(item, ['signedTimestamp']).requiredBytes('signedTimestamp');
}
