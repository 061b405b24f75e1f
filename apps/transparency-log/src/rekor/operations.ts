import { HttpProblem } from '@sigstead/server';

/** Operations of Rekor's API that can be switched off, with the name they have in the answer. */
export const OPERATIONS = {
  createLogEntry: 'Create Entry',
  getLogEntryByIndex: 'Get Log Entry by Index',
  getLogEntryByUUID: 'Get Log Entry by UUID',
  searchLogQuery: 'Search Log Query',
  searchIndex: 'Search Index',
  getLogInfo: 'Get Log Info',
  getLogProof: 'Get Log Proof',
  getPublicKey: 'Get Public Key',
} as const;

export type Operation = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly Operation[] as readonly [
  Operation,
  ...Operation[],
];

/** Which operations answer. */
export class EnabledOperations {
  readonly #disabled: ReadonlySet<Operation>;

  constructor(disabled: readonly Operation[]) {
    this.#disabled = new Set(disabled);
  }

  /** @throws HttpProblem 501 */
  assert(operation: Operation): void {
    if (!this.#disabled.has(operation)) return;
    throw new HttpProblem(501, `${OPERATIONS[operation]} API not enabled in this Rekor instance`, {
      type: 'operation-disabled',
    });
  }
}
