import type { DigestSigner, Signer } from '@sigstead/crypto';
import { encodeBase64 } from '@sigstead/encoding';
import type { SignerIdentity } from '@sigstead/verification';
import type { Certificate } from '@sigstead/x509';

/** What makes a signature, and what verifiers will be told about it. */
export type SigningKey = CertifiedKey | ManagedKey;

/** A key that exists for one signing event, with the certificate for it. */
export interface CertifiedKey {
  readonly kind: 'certificate';
  readonly signer: DigestSigner;
  readonly certificate: Certificate;
  /** The issuers as the trusted root has them, issuing CA first, root last. */
  readonly chain: readonly Certificate[];
  /** Whom the authority certified. */
  readonly identity: SignerIdentity;
}

/** A key of the signer's own, which verifiers have from elsewhere. */
export interface ManagedKey {
  readonly kind: 'publicKey';
  readonly signer: Signer | DigestSigner;
  /** Tells verifiers which key: base64 of the SHA-256 of its SubjectPublicKeyInfo, as cosign has it. */
  readonly hint: string;
}

export function managedKey(signer: Signer | DigestSigner): ManagedKey {
  return { kind: 'publicKey', signer, hint: encodeBase64(signer.publicKey.keyId) };
}

/** Where the keys of a signing event come from: asked before each signature. */
export interface KeySource {
  key(): Promise<SigningKey>;
}

export function keySourceOf(key: SigningKey): KeySource {
  return { key: () => Promise.resolve(key) };
}
