import { printable } from '../../text.ts';
import { assertCount, assertValue, invalid, type Rule } from '../rule.ts';
import type { PolicySubject } from '../subject.ts';

/** Short names of predicate types, cosign's, and the URIs they stand for. */
export const PREDICATE_TYPES = {
  custom: 'https://cosign.sigstore.dev/attestation/v1',
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  openvex: 'https://openvex.dev/ns',
} as const;

export type PredicateTypeName = keyof typeof PREDICATE_TYPES;

export function isPredicateTypeName(text: string): text is PredicateTypeName {
  return Object.hasOwn(PREDICATE_TYPES, text);
}

/** How cosign says "I sign this image" in a DSSE envelope: an attestation by its form, a signature by its meaning. */
export const IMAGE_SIGNATURE_TYPE = 'https://sigstore.dev/cosign/sign/v1';

const MAX_TYPES = 16;

/**
 * A short name or a URI, as a URI.
 *
 * @throws PolicyError POLICY_INVALID
 */
export function parsePredicateType(field: string, text: string): string {
  assertValue(field, text);
  const uri = isPredicateTypeName(text) ? PREDICATE_TYPES[text] : text;
  if (/^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(uri)) return uri;
  const names = Object.keys(PREDICATE_TYPES).join(', ');
  throw invalid(field, `${field} is a URI or one of ${names}`);
}

/** @throws PolicyError POLICY_INVALID with `predicateType` or `predicateType.<index>` */
export function parsePredicateTypes(type: string | readonly string[]): readonly string[] {
  if (typeof type === 'string') return [parsePredicateType('predicateType', type)];
  if (type.length === 0) throw invalid('predicateType', 'predicateType is an empty list');
  assertCount('predicateType', type.length, MAX_TYPES, 'types');
  return type.map((one, at) => parsePredicateType(`predicateType.${at}`, one));
}

/** The signature is an attestation of one of these types. */
export function predicateTypeRule(types: readonly string[]): Rule {
  return {
    field: 'predicateType',
    text: `an attestation of type ${types.join(' or ')}`,
    refuse: (subject) => {
      const type = subject.statement?.predicateType;
      if (type !== undefined && types.includes(type)) return undefined;
      return { code: 'PREDICATE_TYPE_MISMATCH', found: describeContent(subject) };
    },
  };
}

/**
 * The signature is of the image itself. Whoever attests that an image is full of holes has signed a statement about it, and has
 * not approved it.
 */
export const imageSignatureRule: Rule = {
  field: 'predicateType',
  text: 'a signature of the image',
  refuse: (subject) => {
    const type = subject.statement?.predicateType;
    if (type === undefined || type === IMAGE_SIGNATURE_TYPE) return undefined;
    return { code: 'PREDICATE_TYPE_MISMATCH', found: describeContent(subject) };
  },
};

/** What was signed, as the end of a sentence. */
export function describeContent({ statement }: PolicySubject): string {
  return statement === undefined
    ? 'the signature carries no attestation'
    : `this is an attestation of type ${printable(statement.predicateType)}`;
}
