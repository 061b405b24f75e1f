import { encodeHex } from '@sigstead/encoding';
import { extractIdentity, type SignerIdentity } from '../identity.ts';
import { printable } from '../text.ts';
import type { SigningLink } from './context.ts';
import type { Finding } from './step.ts';

/** Who signed: an identity by the word of the certificate authority, or nobody but the holder of a key. */
export type Signatory =
  { readonly kind: 'identity'; readonly identity: SignerIdentity } | { readonly kind: 'key' };

/** Step 3. */
export function checkIdentity({ signer }: SigningLink): Finding<'identity-extraction', Signatory> {
  if (signer.kind === 'keys') {
    const keys = signer.keys.map(({ keyId }) => `sha256:${encodeHex(keyId)}`);
    return {
      reason: `whoever holds the key ${keys.join(' or ')}`,
      evidence: { keys },
      value: { kind: 'key' },
    };
  }
  const identity = extractIdentity(signer.certificate);
  const issuer = identity.issuer === '' ? 'the certificate authority alone' : printable(identity.issuer);
  return {
    reason: `${printable(identity.identity)}, by the word of ${issuer}`,
    evidence: { ...identity },
    value: { kind: 'identity', identity },
  };
}
