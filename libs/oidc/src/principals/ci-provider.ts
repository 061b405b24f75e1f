import type { JsonObject, JsonValue } from '@sigstead/encoding';
import type { CertificateClaims } from '../certificate-claims.ts';
import type { CiProviderMetadata } from '../ci-provider-metadata.ts';
import { certifiable, requiredClaim } from '../claims.ts';
import { OidcError, quote } from '../errors.ts';
import type { CiProviderIssuer } from '../issuer-config.ts';
import type { Principal } from '../principal.ts';
import { formatClaim } from '../template/go-format.ts';
import type { Template } from '../template/template.ts';
import { identityUri } from '../uri.ts';
import type { VerifiedToken } from '../verify-token.ts';
import { present } from './present.ts';
import { subjectsOf } from './proof-of-possession.ts';

/**
 * A job of any CI system, by the templates of the configuration. A claim takes the place of a default of the same name,
 * as in Fulcio (Codefresh and Buddy send the address of their region that way), with one exception: `url`, the server
 * whose repositories the claims speak of, is the configuration's alone. A token that could choose it would let the
 * issuer of one GitHub Enterprise Server or GitLab certify identities that lie on another.
 *
 * Claims that make up the name are refused when they are empty, which Fulcio certifies as a shorter name.
 */
export function ciProviderPrincipal({ claims }: VerifiedToken, issuer: CiProviderIssuer): Principal {
  const subject = requiredClaim(claims, 'sub');
  const { metadata } = issuer;
  const values = templateValues(claims, metadata);
  const extensions = metadata.extensions.map(
    ({ field, template }) => [field, render(template, values, field)] as const,
  );
  return {
    proofOfPossessionSubjects: subjectsOf(claims),
    subjectAlternativeName: { type: 'uri', value: renderName(metadata, claims, values) },
    claims: present({
      issuer: issuer.issuerUrl,
      subject,
      ...(Object.fromEntries(extensions) as Partial<CertificateClaims>),
    }),
  };
}

const CONFIGURED_ONLY = 'url';

function templateValues(claims: JsonObject, { defaults }: CiProviderMetadata): ReadonlyMap<string, string> {
  const values = new Map(defaults);
  for (const [name, value] of Object.entries(claims)) {
    if (isBeyondNumbers(value)) {
      throw new OidcError('CLAIM', `claim ${name}: holds a number that is too large`, { claim: name });
    }
    if (name !== CONFIGURED_ONLY || !defaults.has(name)) values.set(name, formatClaim(value));
  }
  return values;
}

/** JSON has numbers that no float64 holds; they are read as infinity. */
function isBeyondNumbers(value: JsonValue): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(isBeyondNumbers);
}

/** What is printed as it is gets named in the error; the rest is judged as a whole. */
function render(template: Template, values: ReadonlyMap<string, string>, name: string): string {
  for (const claim of template.printedClaims) certifiable(values.get(claim) ?? '', claim);
  return certifiable(template.render(values), name);
}

function renderName(
  { subjectAlternativeName: template }: CiProviderMetadata,
  claims: JsonObject,
  values: ReadonlyMap<string, string>,
): string {
  const name = 'subjectAlternativeName';
  const text = render(template, values, name);
  for (const claim of template.printedClaims) {
    const value = values.get(claim) ?? '';
    const fromToken = Object.hasOwn(claims, claim) || !values.has(claim);
    if (fromToken && (value === '' || /\?|%(?![0-9A-Fa-f]{2})/.test(value))) {
      throw new OidcError('CLAIM', `claim ${claim}: ${quote(value)} cannot be part of a name`, { claim });
    }
  }
  return identityUri(text, name);
}
