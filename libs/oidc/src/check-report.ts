import { OidcError } from './errors.ts';

/**
 * `passed` and `failed` as the certificate authority judges, `skipped` when there was nothing to judge, `warning` for
 * what the authority does not judge but an operator should know.
 */
export type CheckOutcome = 'passed' | 'failed' | 'skipped' | 'warning';

export interface CheckStep<Name extends string = string> {
  readonly name: Name;
  readonly outcome: CheckOutcome;
  /** One sentence: what was found, and for a failure what was wanted. Never a token. */
  readonly detail: string;
}

/** Where a check puts down its steps. */
export type StepSink<Name extends string> = Pick<CheckSteps<Name>, 'add' | 'fail'>;

/** Steps in a fixed order, each taken once; those never taken are skipped ones. */
export class CheckSteps<Name extends string> {
  readonly #names: readonly Name[];
  readonly #steps = new Map<Name, CheckStep<Name>>();

  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  get list(): CheckStep<Name>[] {
    return this.#names.map(
      (name) => this.#steps.get(name) ?? { name, outcome: 'skipped', detail: 'an earlier step failed' },
    );
  }

  get hasFailed(): boolean {
    return [...this.#steps.values()].some(({ outcome }) => outcome === 'failed');
  }

  add(name: Name, outcome: CheckOutcome, detail: string): void {
    this.#steps.set(name, { name, outcome, detail });
  }

  /**
   * Takes a step: what the check refuses is a failure of the step, anything else it throws is a bug.
   *
   * @param remark ends the sentence of a failure
   */
  async judge<T>(
    name: Name,
    check: () => T | Promise<T>,
    describe: (value: T) => string,
    remark = '',
  ): Promise<T | undefined> {
    try {
      const value = await check();
      this.add(name, 'passed', describe(value));
      return value;
    } catch (error) {
      this.fail(name, error, remark);
      return undefined;
    }
  }

  fail(name: Name, error: unknown, remark = ''): void {
    if (!(error instanceof OidcError)) throw error;
    this.add(name, 'failed', error.message + remark);
  }
}
