import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeBase64, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { Certificate, encodeCaCertificate, signTbs } from '@sigstead/x509';

const key = PrivateKeySigner.generate('P-256');
const profile = {
  serialNumber: new Uint8Array([1]),
  publicKey: key.publicKey,
  notBefore: new Date('2024-01-01'),
  notAfter: new Date('2034-01-01'),
};

/** Certificates in DER; the parser does not ask who signed them or what for. */
export const rootCertificate = await signTbs(
  encodeCaCertificate({ ...profile, subject: { organization: 'example', commonName: 'root' } }),
  key,
);
export const certificate = await signTbs(
  encodeCaCertificate({
    ...profile,
    subject: { organization: 'example', commonName: 'leaf' },
    issuer: Certificate.parse(rootCertificate),
  }),
  key,
);

const hash = encodeBase64(new Uint8Array(32).fill(1));

export const tlogEntry = {
  logIndex: '79605083',
  logId: { keyId: hash },
  kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
  integratedTime: '1710888076',
  inclusionPromise: { signedEntryTimestamp: 'AQID' },
  inclusionProof: {
    logIndex: '75441652',
    rootHash: hash,
    treeSize: '75441653',
    hashes: [hash, hash],
    checkpoint: { envelope: 'a checkpoint' },
  },
  canonicalizedBody: 'e30=',
};

export const messageSignature = {
  messageDigest: { algorithm: 'SHA2_256', digest: hash },
  signature: 'AQID',
};

export const dsseEnvelope = {
  payload: 'e30=',
  payloadType: 'application/vnd.in-toto+json',
  signatures: [{ sig: 'AQID' }],
};

export const v03 = {
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  verificationMaterial: {
    certificate: { rawBytes: encodeBase64(certificate) },
    tlogEntries: [tlogEntry],
    timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AQID' }] },
  },
  messageSignature,
};

export const v02 = {
  mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
  verificationMaterial: {
    x509CertificateChain: { certificates: [{ rawBytes: encodeBase64(certificate) }] },
    tlogEntries: [tlogEntry],
  },
  messageSignature,
};

export const v01 = { ...v02, mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' };

/** A copy with one place set, or removed when the value is undefined; the path is like the one of a BundleError. */
export function changed(bundle: JsonObject, path: string, value: JsonValue | undefined): JsonObject {
  const copy = structuredClone(bundle);
  const keys = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((object, name) => object[name] as JsonObject, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
