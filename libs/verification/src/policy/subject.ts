import type { PublicKey } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import type { SignerIdentity } from '../identity.ts';
import type { Statement } from '../statement.ts';

/** What one verified signature says, and who says it: everything a policy may ask about. */
export interface PolicySubject {
  /** Undefined: no certificate, a managed key signed. */
  readonly signer: SignerIdentity | undefined;
  /** The managed key, when there is no certificate. Without it no policy on keys can be met. */
  readonly key?: PublicKey | undefined;
  /** What a DSSE signature is over; undefined when the artifact itself, or a simple signing document, was signed. */
  readonly statement: Statement | undefined;
  /** The `optional` map of a simple signing document. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Who signed, in a few words and as it came: for messages it still has to be made printable. */
export function describeSigner({ signer, key }: PolicySubject): string {
  if (signer !== undefined) return signer.identity;
  return key === undefined ? 'a managed key' : `the key sha256:${encodeHex(key.keyId)}`;
}
