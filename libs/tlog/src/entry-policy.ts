import { type HashAlgorithm, type PublicKey } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { type Certificate, oids, verifyChain, X509Error } from '@sigstead/x509';
import { EntryPolicyError } from './errors.ts';
import { type X509Verifier } from './x509-verifier.ts';

/** Names of Rekor's `--client-signing-algorithms`. */
export type SigningAlgorithm =
  | 'ecdsa-sha2-256-nistp256'
  | 'ecdsa-sha2-384-nistp384'
  | 'ecdsa-sha2-512-nistp521'
  | 'rsa-sign-pkcs1-2048-sha256'
  | 'rsa-sign-pkcs1-3072-sha256'
  | 'rsa-sign-pkcs1-4096-sha256'
  | 'ed25519-ph';

/** Which entries a log admits beyond being sound. */
export interface EntryPolicy {
  /** Asked of hashedrekord only, as in Rekor: DSSE fixes its hash. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** Kinds of entries; absent: every kind that can be parsed. */
  readonly kinds?: readonly string[];
  /** Who may log; absent: everybody with a key. */
  readonly signers?: AdmittedSigners;
}

/** An entry is admitted when each of its keys is listed or certified. */
export interface AdmittedSigners {
  readonly keys: readonly PublicKey[];
  /** Chains for code signing, issuing CA first, root last. */
  readonly authorities: readonly (readonly Certificate[])[];
}

/** Rekor's default. Its list has pure Ed25519 too, but no digest can be checked with that, so no entry can use it. */
export const DEFAULT_ENTRY_POLICY: EntryPolicy = {
  algorithms: [
    'ecdsa-sha2-256-nistp256',
    'ecdsa-sha2-384-nistp384',
    'ecdsa-sha2-512-nistp521',
    'rsa-sign-pkcs1-2048-sha256',
    'rsa-sign-pkcs1-3072-sha256',
    'rsa-sign-pkcs1-4096-sha256',
    'ed25519-ph',
  ],
};

/** @throws EntryPolicyError unless the policy lists this pair of key and hash */
export function assertAlgorithmAllowed(key: PublicKey, hash: HashAlgorithm, policy: EntryPolicy): void {
  if (isAlgorithmAllowed(key, hash, policy)) return;
  throw new EntryPolicyError('ALGORITHM_POLICY', 'entry algorithms are not allowed');
}

/** Whether the policy lists this pair of key and hash. */
export function isAlgorithmAllowed(key: PublicKey, hash: HashAlgorithm, policy: EntryPolicy): boolean {
  const algorithm = signingAlgorithmOf(key, hash);
  return policy.algorithms.some((allowed) => allowed === algorithm);
}

/** @throws EntryPolicyError unless the policy names the kind, or names none */
export function assertKindAllowed(kind: string, { kinds }: EntryPolicy): void {
  if (kinds === undefined || kinds.includes(kind)) return;
  throw new EntryPolicyError(
    'KIND_POLICY',
    `entries of kind ${kind} are not taken by this log, only ${kinds.join(', ')}`,
  );
}

/** @throws EntryPolicyError when the policy says who may log, and one of these may not */
export function assertVerifiersAllowed(
  verifiers: readonly X509Verifier[],
  policy: EntryPolicy | undefined,
): void {
  const signers = policy?.signers;
  if (signers === undefined || verifiers.every((verifier) => isAdmitted(verifier, signers))) return;
  throw new EntryPolicyError(
    'SIGNER_POLICY',
    'the key or certificate of the entry is not among those this log takes',
  );
}

function isAdmitted(
  { publicKey, certificate }: X509Verifier,
  { keys, authorities }: AdmittedSigners,
): boolean {
  if (certificate === undefined) return keys.some((key) => equalBytes(key.spki, publicKey.spki));
  return authorities.some((chain) => isCertifiedBy(certificate, chain));
}

/** At the beginning of the certificate's validity: an entry may be made long after a short-lived certificate has ended. */
function isCertifiedBy(certificate: Certificate, chain: readonly Certificate[]): boolean {
  try {
    verifyChain(certificate, chain, certificate.notBefore, { extendedKeyUsage: oids.codeSigning });
    return true;
  } catch (error) {
    if (error instanceof X509Error) return false;
    throw error;
  }
}

/** The registered name a pair of key and hash would have, whether or not there is such a name. */
function signingAlgorithmOf(key: PublicKey, hash: HashAlgorithm): string {
  const bits = hash.slice('sha'.length);
  switch (key.type) {
    case 'RSA':
      return `rsa-sign-pkcs1-${key.rsaModulusBits}-${hash}`;
    case 'Ed25519':
      return hash === 'sha512' ? 'ed25519-ph' : 'ed25519';
    default:
      return `ecdsa-sha2-${bits}-nist${key.type.replace('-', '').toLowerCase()}`;
  }
}
