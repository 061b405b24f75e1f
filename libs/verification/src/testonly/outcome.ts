import { sha256, digest } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import type { Bundle, TransparencyLogEntry } from '@sigstead/bundle';
import type { Artifact } from '../evidence/signature-evidence.ts';
import { compilePolicy } from '../policy.ts';
import type { SignatureVerdict } from '../verify-signature.ts';
import { IDENTITY, ISSUER } from './mini-sigstore.ts';

/** What is signed in most specs. */
export const CONTENT = encodeUtf8('a release archive');
export const ARTIFACT: Artifact = {
  algorithm: 'sha256',
  digest: sha256(CONTENT),
  further: [{ algorithm: 'sha512', digest: digest('sha512', CONTENT) }],
};
export const KEYLESS = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

/** `verified`, or the code of what failed first. */
export function outcomeOf({ verified, steps }: SignatureVerdict): string {
  return verified ? 'verified' : (steps.at(-1)?.code ?? 'no code');
}

export function withMaterial(bundle: Bundle, changed: Partial<Bundle['verificationMaterial']>): Bundle {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...changed } };
}

/** The first log entry. */
export function firstEntry({ verificationMaterial }: Bundle): TransparencyLogEntry {
  const [entry] = verificationMaterial.tlogEntries;
  if (entry === undefined) throw new Error('no log entry');
  return entry;
}

export function signatureOf({ content }: Bundle): Uint8Array {
  const signature = content.kind === 'dsse' ? content.signatures[0]?.signature : content.signature;
  if (signature === undefined) throw new Error('no signature');
  return signature;
}
