import { extractIdentity, type SignerIdentity } from '../identity.ts';
import { printable } from '../text.ts';
import type { SigningLink } from './context.ts';
import type { Finding } from './step.ts';

/** Step 3. */
export function checkIdentity({ certificate }: SigningLink): Finding<'identity-extraction', SignerIdentity> {
  const signer = extractIdentity(certificate);
  return {
    reason: `${printable(signer.identity)}, by the word of ${printable(signer.issuer)}`,
    evidence: { ...signer },
    value: signer,
  };
}
