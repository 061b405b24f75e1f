import {
  compileImagePolicy,
  PolicyError,
  type ImagePolicy,
  type ImagePolicyDocument,
} from '@sigstead/verification';
import type { BindingStore } from './binding-store.ts';
import type { PolicyStore } from './policy-store.ts';
import { PolicyStoreError } from './policy-store-error.ts';

/** A stored policy, ready to be applied. */
export interface NamedPolicy {
  readonly name: string;
  readonly version: number;
  /** Of this version, and of no other policy. */
  readonly key: string;
  readonly policy: ImagePolicy;
}

export interface PoliciesOfNamespace {
  /** Whose binding it is: the namespace itself or `*`; undefined when there is none. */
  readonly boundBy: string | undefined;
  readonly policies: readonly NamedPolicy[];
}

/** Versions that are kept compiled: they never change. */
const MAX_COMPILED = 500;

/** Stored policies as they are applied. */
export class NamedPolicies {
  readonly #policies: PolicyStore;
  readonly #bindings: BindingStore;
  readonly #compiled = new Map<string, ImagePolicy>();

  constructor(policies: PolicyStore, bindings: BindingStore) {
    this.#policies = policies;
    this.#bindings = bindings;
  }

  /**
   * @param version the newest unless told
   * @throws PolicyStoreError NOT_FOUND, UNAVAILABLE
   */
  async find(name: string, version?: number): Promise<NamedPolicy> {
    const stored =
      version === undefined
        ? await this.#policies.current(name)
        : await this.#policies.version(name, version);
    return this.#compile(name, stored.version, stored.document);
  }

  /** @throws PolicyStoreError NOT_FOUND when a bound policy is not there, UNAVAILABLE */
  async ofNamespace(namespace: string): Promise<PoliciesOfNamespace> {
    const { boundBy, policies } = await this.#bindings.inForce(namespace);
    return {
      boundBy,
      policies: policies.map(({ name, stored }) => {
        if (stored === undefined) {
          throw new PolicyStoreError('NOT_FOUND', `policy ${name} is bound to ${boundBy} and does not exist`);
        }
        return this.#compile(name, stored.version, stored.document);
      }),
    };
  }

  #compile(name: string, version: number, document: ImagePolicyDocument): NamedPolicy {
    const key = `${name} ${version}`;
    let policy = this.#compiled.get(key);
    if (policy === undefined) {
      policy = recompile(name, version, document);
      if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
      this.#compiled.set(key, policy);
    }
    return { name, version, key, policy };
  }
}

/** It was good when it was stored; a newer verifier may be stricter, and then nothing is met by it. */
function recompile(name: string, version: number, document: ImagePolicyDocument): ImagePolicy {
  try {
    return compileImagePolicy(document);
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    const message = `policy ${name}, version ${version}, cannot be used: ${cause.message}`;
    throw new PolicyStoreError('UNAVAILABLE', message, { cause });
  }
}
