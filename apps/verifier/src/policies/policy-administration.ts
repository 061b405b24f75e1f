import type { BindingStore } from './binding-store.ts';
import type { NamedPolicies } from './named-policies.ts';
import type { PolicyStore } from './policy-store.ts';
import { PolicyStoreError } from './policy-store-error.ts';
import type { PolicyWriters } from './policy-writers.ts';

/** Everything that needs the database, in one place: it is there as a whole or not at all. */
export interface StoredPolicies {
  readonly policies: PolicyStore;
  readonly bindings: BindingStore;
  readonly named: NamedPolicies;
}

/** What controllers ask for stored policies, and who may change them. */
export class PolicyAdministration {
  readonly #stored: StoredPolicies | undefined;
  readonly writers: PolicyWriters;

  /** @param stored undefined: this verifier has no database */
  constructor(stored: StoredPolicies | undefined, writers: PolicyWriters) {
    this.#stored = stored;
    this.writers = writers;
  }

  /** @throws PolicyStoreError OFF */
  get stored(): StoredPolicies {
    if (this.#stored !== undefined) return this.#stored;
    throw new PolicyStoreError('OFF', 'this verifier keeps no policies: DATABASE_URL is not set');
  }
}
