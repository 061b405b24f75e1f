import { PolicyError, type PolicyErrorCode } from '../errors.ts';
import type { PolicySubject } from './subject.ts';

/** One thing a policy asks for. */
export interface Rule {
  /** Field of the policy it came from. */
  readonly field: string;
  /** The rule as a person reads it. */
  readonly text: string;
  /** Undefined when the subject meets the rule. */
  refuse(subject: PolicySubject): RuleRefusal | undefined;
}

export interface RuleRefusal {
  readonly code: Exclude<PolicyErrorCode, 'POLICY_INVALID'>;
  /** Ends the sentence "... is required, ": what is there instead. */
  readonly found: string;
}

/** Longest text a policy compares with. */
const MAX_VALUE_LENGTH = 4096;

export function invalid(field: string, message: string, cause?: unknown): PolicyError {
  return new PolicyError('POLICY_INVALID', field, message, cause === undefined ? {} : { cause });
}

/** An empty value would be met by nothing, or by an empty extension: either way it is a slip of the caller. */
export function assertValue(field: string, text: string): string {
  if (text === '') throw invalid(field, `${field} is empty`);
  if (text.length > MAX_VALUE_LENGTH) {
    throw invalid(field, `${field} has ${text.length} characters, at most ${MAX_VALUE_LENGTH} are taken`);
  }
  return text;
}

/** @throws PolicyError POLICY_INVALID when there are more than `limit` */
export function assertCount(field: string, number: number, limit: number, noun: string): void {
  if (number > limit) throw invalid(field, `${number} ${noun}, at most ${limit} are taken`);
}
