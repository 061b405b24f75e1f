import { randomBytes } from 'node:crypto';
import type { Signer } from '@sigstead/crypto';
import { derExplicit, DerReader, derSequence } from '@sigstead/encoding';
import {
  Certificate,
  encodeCaCertificate,
  encodeExtension,
  encodeLeafTbs,
  POISON_EXTENSION,
  precertificateTbs,
  SCT_HASH_SHA256,
  SCT_SIGNATURE_ECDSA,
  sctListExtension,
  sctSignatureInput,
  signTbs,
  type CaProfile,
  type Extension,
  type LeafProfile,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';

/** Positive, with a clear top bit. */
export function serialNumber(): Uint8Array {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes;
}

export async function makeCa(profile: Omit<CaProfile, 'serialNumber'>, signer: Signer): Promise<Certificate> {
  return Certificate.parse(
    await signTbs(encodeCaCertificate({ ...profile, serialNumber: serialNumber() }), signer),
  );
}

/** Changes the extensions of a leaf before anything is signed, so that the result is sound but unusual. */
export type ExtensionEdit = (extensions: readonly Extension[]) => readonly Extension[];

/** A leaf whose SCT list holds what `makeScts` makes of the bytes a log would be asked to sign. */
export async function makeLeaf(
  profile: LeafProfile,
  issuerSigner: Signer,
  makeScts: (tbs: Uint8Array) => Promise<SignedCertificateTimestamp[]>,
  edit: ExtensionEdit = (extensions) => extensions,
): Promise<Uint8Array> {
  const poisoned = editExtensions(encodeLeafTbs(profile, POISON_EXTENSION), edit);
  const precertificate = Certificate.parse(await signTbs(poisoned, issuerSigner));
  const scts = await makeScts(precertificateTbs(precertificate, 'precertificate'));
  const tbs = encodeLeafTbs(profile, scts.length > 0 ? sctListExtension(scts) : POISON_EXTENSION);
  const dropPoison: ExtensionEdit = (all) => all.filter(({ oid }) => oid !== POISON_EXTENSION.oid);
  return signTbs(editExtensions(editExtensions(tbs, edit), dropPoison), issuerSigner);
}

/** The SCT a log with this key gives. */
export async function makeSct(
  logSigner: Signer,
  issuer: Certificate,
  tbs: Uint8Array,
  at: Date,
): Promise<SignedCertificateTimestamp> {
  const timestampMs = BigInt(at.getTime());
  const extensions = new Uint8Array();
  const input = sctSignatureInput({ timestampMs, issuerKeyHash: issuer.spkiHash, tbs, extensions });
  return {
    version: 0,
    logId: logSigner.publicKey.keyId,
    timestampMs,
    extensions,
    hashAlgorithm: SCT_HASH_SHA256,
    signatureAlgorithm: SCT_SIGNATURE_ECDSA,
    signature: await logSigner.sign(input),
  };
}

function editExtensions(tbs: Uint8Array, edit: ExtensionEdit): Uint8Array {
  const fields = new DerReader(tbs).sequence();
  const head: Uint8Array[] = [];
  for (;;) {
    const list = fields.explicit(3);
    if (list === undefined) {
      head.push(fields.element().raw);
      continue;
    }
    const extensions = edit(readExtensions(list.sequence()));
    return derSequence(...head, derExplicit(3, derSequence(...extensions.map(encodeExtension))));
  }
}

function readExtensions(list: DerReader): Extension[] {
  const extensions: Extension[] = [];
  while (!list.done) {
    const extension = list.sequence();
    const oid = extension.oid();
    const critical = extension.tag === 0x01 && extension.boolean();
    extensions.push({ oid, critical, value: extension.octetString() });
  }
  return extensions;
}
