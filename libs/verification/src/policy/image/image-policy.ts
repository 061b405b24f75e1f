import type { PublicKey } from '@sigstead/crypto';
import { PolicyError } from '../../errors.ts';
import { compilePolicy, requireImageSignature, type Policy } from '../../policy.ts';
import { assertCount, invalid } from '../rule.ts';
import { parsePredicateTypes } from '../rules/predicate-type-rules.ts';
import type { AttestationInput, ImagePolicyDocument, SignerInput } from './image-policy-document.ts';
import { compileImagePattern, type ImagePattern } from './image-pattern.ts';

/** What is asked of the evidence of each signature, whoever made it: for the verification to demand. */
export interface EvidenceDemands {
  readonly requireInclusionProof: boolean | undefined;
  readonly requireTimestamp: boolean | undefined;
  readonly requireRevocationList: boolean | undefined;
  readonly logThreshold: number | undefined;
  readonly timestampThreshold: number | undefined;
}

/** Signers of whom so many different ones have to have signed. */
export interface SignerRequirement {
  /** `image`, or the name of the attestation. */
  readonly name: string;
  readonly kind: 'signature' | 'attestation';
  /** Of the attestation; for signatures each signer says what counts. */
  readonly predicateTypes: readonly string[] | undefined;
  readonly signers: readonly { readonly name: string; readonly policy: Policy }[];
  readonly threshold: number;
}

/** A policy document that was read once and can be applied to many images. */
export interface ImagePolicy {
  readonly name: string;
  readonly description: string | undefined;
  readonly mode: 'enforce' | 'warn';
  readonly tags: 'deny' | 'warn' | 'allow';
  readonly images: readonly ImagePattern[];
  /** All have to be met. */
  readonly requirements: readonly SignerRequirement[];
  readonly demands: EvidenceDemands;
  /** Undefined: every root of the verifier. */
  readonly trustRoots: readonly string[] | undefined;
  /** Every managed key that any signer may use, each once. */
  readonly keys: readonly PublicKey[];
  /** Fields whose pattern may match in the middle of a value. */
  readonly unanchored: readonly string[];
}

const MAX_IMAGES = 64;
const MAX_SIGNERS = 32;
const MAX_ATTESTATIONS = 16;
const MAX_TRUST_ROOTS = 16;
/** More logs or authorities than anybody runs: a threshold above it is a slip. */
const MAX_EVIDENCE_THRESHOLD = 8;
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/** @throws PolicyError POLICY_INVALID with the path of the field that cannot be used */
export function compileImagePolicy({ metadata, spec }: ImagePolicyDocument): ImagePolicy {
  assertName('metadata.name', metadata.name);
  const requirements = [
    ...signatureRequirement(spec.signers ?? [], spec.threshold),
    ...attestationRequirements(spec.attestations ?? []),
  ];
  if (requirements.length === 0) {
    throw invalid('spec.signers', 'spec.signers or spec.attestations has to ask for something');
  }
  const policies = requirements.flatMap(({ signers }) => signers.map(({ policy }) => policy));
  return {
    name: metadata.name,
    description: metadata.description,
    mode: spec.mode ?? 'enforce',
    tags: spec.tags ?? 'deny',
    images: imagePatterns(spec.images),
    requirements,
    demands: {
      requireInclusionProof: spec.requireInclusionProof,
      requireTimestamp: spec.requireTimestamp,
      requireRevocationList: spec.requireRevocationList,
      logThreshold: evidenceThreshold('spec.logThreshold', spec.logThreshold),
      timestampThreshold: evidenceThreshold('spec.timestampThreshold', spec.timestampThreshold),
    },
    trustRoots: trustRoots(spec.trustRoots),
    keys: distinctKeys(policies),
    unanchored: requirements.flatMap(({ name, signers }) =>
      signers.flatMap((signer) =>
        signer.policy.unanchored.map((field) => `${name}: ${signer.name}.${field}`),
      ),
    ),
  };
}

/** @param name of `canonicalImageName` */
export function appliesTo(policy: ImagePolicy, name: string): boolean {
  return policy.images.some((pattern) => pattern.matches(name));
}

/** Whether it could be the name of a policy. */
export function isPolicyName(text: string): boolean {
  return NAME.test(text);
}

/** A name for a policy, a signer, an attestation or a trusted root. */
function assertName(field: string, name: string): string {
  if (NAME.test(name)) return name;
  throw invalid(
    field,
    `${field} is 1 to 63 lower-case letters, digits, "-" and ".", a letter or digit at both ends`,
  );
}

function imagePatterns(images: readonly string[]): readonly ImagePattern[] {
  if (images.length === 0)
    throw invalid('spec.images', 'spec.images is empty: the policy would be about nothing');
  assertCount('spec.images', images.length, MAX_IMAGES, 'patterns');
  return images.map((text, at) => compileImagePattern(`spec.images.${at}`, text));
}

function signatureRequirement(
  signers: readonly SignerInput[],
  threshold: number | undefined,
): readonly SignerRequirement[] {
  if (signers.length === 0) {
    if (threshold !== undefined)
      throw invalid('spec.threshold', 'spec.threshold has no meaning without signers');
    return [];
  }
  return [
    {
      name: 'image',
      kind: 'signature',
      predicateTypes: undefined,
      ...compileSigners('spec', signers, threshold, (signer, field) => {
        if (signer.predicateType === undefined) assertNoPredicate(signer, field);
        return requireImageSignature(compilePolicy(signer));
      }),
    },
  ];
}

/** Nothing but an attestation has what these fields ask about. */
function assertNoPredicate(signer: SignerInput, field: string): void {
  const name = (['predicate', 'actor', 'actorId'] as const).find((one) => signer[one] !== undefined);
  if (name === undefined) return;
  const why = 'is only known from an attestation such as provenance';
  throw invalid(name, `${name} ${why}: ask for one in spec.attestations, or give ${field}.predicateType`);
}

function attestationRequirements(attestations: readonly AttestationInput[]): readonly SignerRequirement[] {
  assertCount('spec.attestations', attestations.length, MAX_ATTESTATIONS, 'attestations');
  assertDistinct('spec.attestations', attestations);
  return attestations.map(({ name, signers, threshold, ...content }, at) => {
    const field = `spec.attestations.${at}`;
    const predicateTypes = within(field, () => parsePredicateTypes(content.predicateType));
    if (signers.length === 0) throw invalid(`${field}.signers`, `${field}.signers is empty`);
    return {
      name: assertName(`${field}.name`, name),
      kind: 'attestation',
      predicateTypes,
      ...compileSigners(field, signers, threshold, (signer) => {
        for (const own of ['predicateType', 'predicate', 'actor', 'actorId'] as const) {
          if (signer[own] !== undefined) throw invalid(own, `${own} stands beside the signers, not in one`);
        }
        return compilePolicy({ ...signer, ...content });
      }),
    };
  });
}

function compileSigners(
  field: string,
  signers: readonly SignerInput[],
  threshold: number | undefined,
  compile: (signer: SignerInput, field: string) => Policy,
): Pick<SignerRequirement, 'signers' | 'threshold'> {
  assertCount(`${field}.signers`, signers.length, MAX_SIGNERS, 'signers');
  assertDistinct(`${field}.signers`, signers);
  const compiled = signers.map((signer, at) => {
    const signerField = `${field}.signers.${at}`;
    assertName(`${signerField}.name`, signer.name);
    return { name: signer.name, policy: within(signerField, () => compile(signer, signerField)) };
  });
  const wanted = threshold ?? signers.length;
  if (wanted < 1 || wanted > signers.length) {
    throw invalid(
      `${field}.threshold`,
      `${field}.threshold is ${wanted}, want 1 to ${signers.length}, the number of signers`,
    );
  }
  return { signers: compiled, threshold: wanted };
}

/** Puts the place before the field of an error. */
function within<T>(prefix: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof PolicyError) || cause.code !== 'POLICY_INVALID') throw cause;
    throw invalid(`${prefix}.${cause.field}`, `${prefix}: ${cause.message}`, cause);
  }
}

function assertDistinct(field: string, named: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const [at, { name }] of named.entries()) {
    if (seen.has(name))
      throw invalid(`${field}.${at}.name`, `${field}.${at}.name is the name of another one too`);
    seen.add(name);
  }
}

function trustRoots(names: readonly string[] | undefined): readonly string[] | undefined {
  if (names === undefined) return undefined;
  if (names.length === 0)
    throw invalid('spec.trustRoots', 'spec.trustRoots is empty: nothing could be verified');
  assertCount('spec.trustRoots', names.length, MAX_TRUST_ROOTS, 'trusted roots');
  return names.map((name, at) => assertName(`spec.trustRoots.${at}`, name));
}

function evidenceThreshold(field: string, threshold: number | undefined): number | undefined {
  if (threshold === undefined || (threshold >= 1 && threshold <= MAX_EVIDENCE_THRESHOLD)) return threshold;
  throw invalid(field, `${field} is ${threshold}, want 1 to ${MAX_EVIDENCE_THRESHOLD}`);
}

function distinctKeys(policies: readonly Policy[]): readonly PublicKey[] {
  const keys = new Map(policies.flatMap((policy) => policy.keys).map((key) => [key.keyId.join(), key]));
  return [...keys.values()];
}
