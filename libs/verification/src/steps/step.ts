import {
  PolicyError,
  VerificationError,
  type PolicyErrorCode,
  type VerificationErrorCode,
} from '../errors.ts';
import type { StepEvidence } from './step-evidence.ts';

/** The seven steps of the verification workflow, in order. */
export const stepNames = [
  'retrieval',
  'certificate-chain',
  'identity-extraction',
  'signature',
  'log-entry',
  'policy',
  'result',
] as const;

export type StepName = (typeof stepNames)[number];
export type StepOutcome = 'passed' | 'failed' | 'skipped';

export const stepTitles: Readonly<Record<StepName, string>> = {
  retrieval: 'Image and signature retrieval',
  'certificate-chain': 'Certificate chain validation',
  'identity-extraction': 'Identity extraction',
  signature: 'Cryptographic signature verification',
  'log-entry': 'Transparency log verification',
  policy: 'Policy enforcement',
  result: 'Result determination',
};

/** One step of a verdict. `evidence` has what a passed step found out, in JSON types only. */
export type Step = { [N in StepName]: StepOf<N> }[StepName];

export interface StepOf<N extends StepName> {
  readonly name: N;
  readonly title: string;
  readonly outcome: StepOutcome;
  /** Why, in a sentence. */
  readonly reason: string;
  /** Set on a failed step. */
  readonly code?: VerificationErrorCode | PolicyErrorCode;
  readonly evidence?: StepEvidence[N];
}

/** What a check hands back: a sentence, facts for the reader, and a value for the next steps. */
export interface Finding<N extends StepName, T> {
  readonly reason: string;
  readonly evidence?: StepEvidence[N];
  readonly value: T;
}

/**
 * Runs steps in order and writes each outcome down. A step takes the value of the step it depends on: `undefined` means that
 * one did not pass, so this one is skipped.
 */
export class StepRecord {
  readonly #steps: Step[] = [];
  #failed: Step | undefined;

  get steps(): readonly Step[] {
    return this.#steps;
  }

  take<N extends StepName, I, T>(
    name: N,
    input: I | undefined,
    check: (input: I) => Finding<N, T>,
  ): T | undefined {
    if (input === undefined) {
      this.skip(name);
      return undefined;
    }
    try {
      const { reason, evidence, value } = check(input);
      this.add(name, 'passed', reason, evidence === undefined ? {} : { evidence });
      return value;
    } catch (error) {
      if (!(error instanceof VerificationError) && !(error instanceof PolicyError)) throw error;
      this.add(name, 'failed', error.message, { code: error.code });
      return undefined;
    }
  }

  /** Notes that a step was not run because an earlier one failed. */
  skip(name: StepName): void {
    this.add(name, 'skipped', `not checked, because "${this.#failed?.title ?? 'an earlier step'}" failed`);
  }

  /** Notes a step that was decided elsewhere. */
  add<N extends StepName>(
    name: N,
    outcome: StepOutcome,
    reason: string,
    more: { code?: VerificationErrorCode | PolicyErrorCode; evidence?: StepEvidence[N] } = {},
  ): void {
    const step = { name, title: stepTitles[name], outcome, reason, ...more } as Step;
    this.#steps.push(step);
    if (outcome === 'failed') this.#failed ??= step;
  }

  /**
   * The last step: passed when all others are there and passed, else failed with the first failure.
   *
   * @param summary who signed, for the passed case
   * @returns whether the signature is verified
   */
  conclude(summary: string): boolean {
    const wanted = stepNames.filter((name) => name !== 'result');
    const passed = wanted.every((name) => stepOf(this.#steps, name)?.outcome === 'passed');
    if (passed) {
      this.add('result', 'passed', summary, {
        evidence: { verifiedSignatures: 1, signatures: 1 },
      });
      return true;
    }
    const failure = this.#failed;
    const reason =
      failure === undefined ? 'not all steps passed' : `${failure.title} failed: ${failure.reason}`;
    this.add('result', 'failed', reason, failure?.code === undefined ? {} : { code: failure.code });
    return false;
  }
}

/** The step of that name, with its own kind of evidence. */
export function stepOf<N extends StepName>(steps: readonly Step[], name: N): StepOf<N> | undefined {
  return steps.find((step) => step.name === name) as StepOf<N> | undefined;
}
