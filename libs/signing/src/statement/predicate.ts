import type { JsonValue } from '@sigstead/encoding';
import { PREDICATE_TYPES } from '@sigstead/verification';
import type { z } from 'zod';
import { SigningError } from '../errors.ts';
import {
  custom,
  cycloneDx,
  link,
  openVex,
  slsaProvenanceV02,
  slsaProvenanceV1,
  spdxDocument,
  vulnerabilityScan,
} from './predicate-shapes.ts';

const MAX_TYPE_LENGTH = 1024;

/** What those who read a type rely on. A type that is not here may have any predicate. */
const SHAPES: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  [PREDICATE_TYPES.custom, custom],
  [PREDICATE_TYPES.slsaprovenance02, slsaProvenanceV02],
  [PREDICATE_TYPES.slsaprovenance1, slsaProvenanceV1],
  [PREDICATE_TYPES.spdx, spdxDocument],
  [PREDICATE_TYPES.cyclonedx, cycloneDx],
  [PREDICATE_TYPES.link, link],
  [PREDICATE_TYPES.vuln, vulnerabilityScan],
  [PREDICATE_TYPES.openvex, openVex],
]);

/** Types whose URI goes on behind the namespace, as with versions: `https://openvex.dev/ns/v0.2.0`. */
const NAMESPACES: readonly string[] = [
  PREDICATE_TYPES.spdx,
  PREDICATE_TYPES.cyclonedx,
  PREDICATE_TYPES.openvex,
];

/**
 * A predicate type is an absolute URI.
 *
 * @throws SigningError PREDICATE
 */
export function assertPredicateType(value: JsonValue | undefined): string {
  const usable =
    typeof value === 'string' &&
    value.length <= MAX_TYPE_LENGTH &&
    /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value) &&
    URL.canParse(value);
  if (usable) return value;
  throw new SigningError(
    'input',
    'PREDICATE',
    `predicate type is not an absolute URI of at most ${MAX_TYPE_LENGTH} characters`,
  );
}

/**
 * Whether a predicate is of its type, as far as readers of the type depend on it. Further fields are left alone.
 *
 * @throws SigningError PREDICATE naming the field that is wrong
 */
export function assertPredicate(type: string, predicate: JsonValue): void {
  const read = shapeOf(type)?.safeParse(predicate);
  const issue = read?.error?.issues[0];
  if (issue === undefined) return;
  const path = ['predicate', ...issue.path.map(String)]
    .join('.')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
  throw new SigningError('input', 'PREDICATE', `predicate is not a ${type}: ${path}: ${issue.message}`);
}

function shapeOf(type: string): z.ZodType | undefined {
  const namespace = NAMESPACES.find((name) => type === name || type.startsWith(`${name}/`));
  return SHAPES.get(namespace ?? type);
}
