import { isClaimName, type ClaimName, type SignerIdentity } from '../../identity.ts';
import { printable } from '../../text.ts';
import type { Matcher } from '../matcher.ts';
import { invalid, type Rule, type RuleRefusal } from '../rule.ts';
import type { PolicySubject } from '../subject.ts';

/** Ends a refusal of whoever has no certificate. */
export const NO_CERTIFICATE = 'a managed key signed, without a certificate';

/** The certificate's subject alternative name. */
export function identityRule(matcher: Matcher): Rule {
  return certificateRule(
    matcher,
    `identity ${matcher.text}`,
    'IDENTITY_MISMATCH',
    ({ identity }) => identity,
  );
}

/**
 * Issuer of the identity token. A certificate that was issued for none meets what the empty text meets: no exact issuer, and a
 * pattern only when it takes anything, as with cosign.
 */
export function issuerRule(matcher: Matcher): Rule {
  return certificateRule(matcher, `issuer ${matcher.text}`, 'ISSUER_MISMATCH', ({ issuer }) => issuer);
}

/** One certificate extension. */
export function extensionRule(name: ClaimName, matcher: Matcher): Rule {
  const read = ({ claims }: SignerIdentity): string | undefined => claims[name];
  return certificateRule(matcher, `${name} ${matcher.text}`, 'EXTENSION_MISMATCH', read);
}

/** @throws PolicyError POLICY_INVALID when no certificate could have it */
export function assertClaimName(field: string, name: string): ClaimName {
  if (!isClaimName(name)) throw invalid(field, `${field} is no certificate extension`);
  return name;
}

function certificateRule(
  { field, test }: Matcher,
  text: string,
  code: RuleRefusal['code'],
  read: (signer: SignerIdentity) => string | undefined,
): Rule {
  return {
    field,
    text,
    refuse: ({ signer }: PolicySubject) => {
      if (signer === undefined) return { code, found: NO_CERTIFICATE };
      const value = read(signer);
      if (value !== undefined && test(value)) return undefined;
      return {
        code,
        found: `the certificate says ${value === undefined || value === '' ? 'nothing' : printable(value)}`,
      };
    },
  };
}
