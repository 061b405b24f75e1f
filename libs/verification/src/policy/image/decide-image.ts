import type { PublicKey } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { PolicyError, type PolicyErrorCode } from '../../errors.ts';
import { assertPolicy } from '../../policy.ts';
import { count, printable } from '../../text.ts';
import { describeSigner, type PolicySubject } from '../subject.ts';
import { assignSigners } from './assignment.ts';
import type { ImagePolicy, SignerRequirement } from './image-policy.ts';

/** A signature of the image whose evidence holds, whoever made it. */
export interface VerifiedSignature {
  /** Where it was found, for the reader. */
  readonly source: string;
  readonly subject: PolicySubject;
  /** The key that made it: of the certificate, or the managed one. */
  readonly key: PublicKey;
  /** Name of the trusted root it was verified with, where there are several. */
  readonly trustRoot?: string | undefined;
}

/** What a policy says of an image. JSON types only. */
export interface ImageDecision {
  readonly policy: string;
  readonly mode: 'enforce' | 'warn';
  readonly satisfied: boolean;
  /** What keeps the policy from being met by any image, when there is something. */
  readonly fault?: string;
  readonly requirements: readonly RequirementDecision[];
}

export interface RequirementDecision {
  readonly name: string;
  readonly kind: 'signature' | 'attestation';
  readonly met: boolean;
  readonly threshold: number;
  /** In a sentence. */
  readonly reason: string;
  readonly signers: readonly SignerDecision[];
}

export interface SignerDecision {
  readonly name: string;
  readonly met: boolean;
  /** Who it was, or what kept those that came closest from being it. */
  readonly reason: string;
  readonly code?: PolicyErrorCode;
  /** The signature that counts for this signer. */
  readonly source?: string;
}

/**
 * Decides on an image by everything that was verified about it. A signature counts for one signer; and signatures of the same
 * identity, or by the same key, are one witness however many there are.
 */
export function decideImage(policy: ImagePolicy, signatures: readonly VerifiedSignature[]): ImageDecision {
  const counted = signatures.filter(
    ({ trustRoot }) =>
      policy.trustRoots === undefined || (trustRoot !== undefined && policy.trustRoots.includes(trustRoot)),
  );
  const requirements = policy.requirements.map((requirement) =>
    decide(requirement, groupByPrincipal(counted.filter((one) => isOf(requirement, one)))),
  );
  return {
    policy: policy.name,
    mode: policy.mode,
    satisfied: requirements.every(({ met }) => met),
    requirements,
  };
}

/** Who signed the image stands closest to whoever should attest it, and is the wrong one to talk about. */
function isOf({ predicateTypes }: SignerRequirement, { subject }: VerifiedSignature): boolean {
  const type = subject.statement?.predicateType;
  return predicateTypes === undefined || (type !== undefined && predicateTypes.includes(type));
}

function decide(requirement: SignerRequirement, principals: readonly Principal[]): RequirementDecision {
  const { name, kind, threshold, signers } = requirement;
  const trials = signers.map(({ policy }) => principals.map((principal) => tryPrincipal(principal, policy)));
  const candidates = trials.map((row) => row.flatMap((trial, at) => ('signature' in trial ? at : [])));
  const assigned = assignSigners(candidates);
  const decisions = signers.map((signer, at): SignerDecision => {
    const principal = assigned[at];
    const row = trials[at] ?? [];
    const trial = principal === undefined ? undefined : row[principal];
    if (trial !== undefined && 'signature' in trial) {
      const { source, subject } = trial.signature;
      return { name: signer.name, met: true, reason: printable(describeSigner(subject)), source };
    }
    return { name: signer.name, met: false, ...explain(row, kind) };
  });
  const met = decisions.filter((decision) => decision.met).length;
  return {
    name,
    kind,
    met: met >= threshold,
    threshold,
    reason: summarize(requirement, decisions, met),
    signers: decisions,
  };
}

function summarize(
  { name, kind, threshold, signers }: SignerRequirement,
  decisions: readonly SignerDecision[],
  met: number,
): string {
  const what = kind === 'signature' ? 'signed' : `attested (${name})`;
  const who = (wanted: boolean): string =>
    decisions
      .filter((decision) => decision.met === wanted)
      .map((decision) =>
        wanted ? `${decision.name} (${decision.reason})` : `${decision.name}: ${decision.reason}`,
      )
      .join(wanted ? ', ' : '; ');
  if (met >= threshold) return `${what} by ${who(true)}`;
  const need = signers.length === 1 ? '' : `, ${threshold} of ${signers.length} are needed`;
  return `${what} by ${met === 0 ? 'none' : count(met, 'signer')} of those expected${need}: ${who(false)}`;
}

type Trial =
  { readonly signature: VerifiedSignature } | { readonly refusal: PolicyError; readonly rulesMet: number };

/** The first of a principal's signatures that will do, else the refusal of the one that met most rules. */
function tryPrincipal(
  { signatures }: Principal,
  policy: SignerRequirement['signers'][number]['policy'],
): Trial {
  let closest: Extract<Trial, { refusal: PolicyError }> | undefined;
  for (const signature of signatures) {
    try {
      assertPolicy(signature.subject, policy);
      return { signature };
    } catch (refusal) {
      if (!(refusal instanceof PolicyError)) throw refusal;
      const rulesMet = policy.rules.findIndex(({ field }) => field === refusal.field);
      if (closest === undefined || rulesMet > closest.rulesMet) closest = { refusal, rulesMet };
    }
  }
  if (closest === undefined) throw new Error('a principal has a signature');
  return closest;
}

function explain(
  row: readonly Trial[],
  kind: SignerRequirement['kind'],
): { reason: string; code?: PolicyErrorCode } {
  const code = 'SIGNERS_MISSING';
  if (row.length === 0) return { code, reason: `there is no verified ${kind}` };
  const taken = row.find((trial) => 'signature' in trial);
  if (taken !== undefined && 'signature' in taken) {
    const who = printable(describeSigner(taken.signature.subject));
    return { code, reason: `only ${who} would do, who counts for another signer already` };
  }
  let closest: Extract<Trial, { refusal: PolicyError }> | undefined;
  for (const trial of row) {
    if ('refusal' in trial && (closest === undefined || trial.rulesMet > closest.rulesMet)) closest = trial;
  }
  return { code: closest?.refusal.code ?? code, reason: closest?.refusal.message ?? 'nobody' };
}

/** Somebody who can vouch once. */
interface Principal {
  readonly signatures: VerifiedSignature[];
  readonly marks: Set<string>;
}

/**
 * Signatures that share an identity or a key are of one principal, and so are those that only a third one joins: a key that was
 * certified for two identities makes them one.
 */
function groupByPrincipal(signatures: readonly VerifiedSignature[]): readonly Principal[] {
  const owners = new Map<string, Principal>();
  for (const signature of signatures) {
    const marks = marksOf(signature);
    const joined = new Set(marks.flatMap((mark) => owners.get(mark) ?? []));
    const [principal = { signatures: [], marks: new Set<string>() }, ...others] = joined;
    principal.signatures.push(signature);
    for (const mark of marks) principal.marks.add(mark);
    for (const other of others) {
      principal.signatures.push(...other.signatures);
      for (const mark of other.marks) principal.marks.add(mark);
    }
    for (const mark of others.length > 0 ? principal.marks : marks) owners.set(mark, principal);
  }
  return [...new Set(owners.values())];
}

function marksOf({ key, subject: { signer } }: VerifiedSignature): readonly string[] {
  const keyMark = `key ${encodeHex(key.keyId)}`;
  return signer === undefined
    ? [keyMark]
    : [keyMark, `identity ${JSON.stringify([signer.issuer, signer.identity])}`];
}
