import { type JsonValue } from '@sigstead/encoding';
import { type EntryPolicy } from './entry-policy.ts';

/** One parsed entry. The log and the verifiers see entries of every type through this only. */
export interface LogEntry {
  readonly kind: string;
  readonly apiVersion: string;
  /**
   * Checks the entry's own signatures, then whether the log admits it.
   *
   * @throws TlogError SIGNATURE, then EntryPolicyError
   */
  verify(policy?: EntryPolicy): void;
  /** The leaf: RFC 8785 bytes of the entry as its type stores it. */
  canonicalBody(): Uint8Array;
  /** What the entry can be searched by, lower case and without repeats. */
  indexKeys(): string[];
}

/** One kind of entry in one version. */
export interface EntryType {
  readonly kind: string;
  readonly apiVersion: string;
  /** @throws TlogError SPEC or VERIFIER */
  parse(spec: JsonValue): LogEntry;
}

/** The entry types a log admits or a verifier understands. */
export class EntryTypes {
  readonly #types: readonly EntryType[];

  constructor(types: readonly EntryType[]) {
    this.#types = types;
  }

  hasKind(kind: string): boolean {
    return this.#types.some((type) => type.kind === kind);
  }

  find(kind: string, apiVersion: string): EntryType | undefined {
    return this.#types.find((type) => type.kind === kind && type.apiVersion === apiVersion);
  }
}
