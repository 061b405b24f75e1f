import { type JsonValue } from '@sigstead/encoding';
import { type EntryPolicy } from './entry-policy.ts';

/** One parsed entry. The log and the verifiers see entries of every type through this only. */
export interface LogEntry {
  readonly kind: string;
  readonly apiVersion: string;
  /**
   * What was signed, where the type lets the log keep it beside the entry; the entry's body has its SHA-256 only. Undefined for other
   * types and for entries in their stored form.
   */
  readonly attestation: Uint8Array | undefined;
  /**
   * Checks the entry's own signatures as far as what they are over is here, then whether the log admits it.
   *
   * @throws TlogError SIGNATURE, then EntryPolicyError
   */
  verify(policy?: EntryPolicy): void;
  /**
   * The stored form of some types has not got what the signatures are over: good for finding an entry, not for making one.
   *
   * @throws TlogError NOT_INSERTABLE
   */
  assertInsertable(): void;
  /**
   * The leaf: RFC 8785 bytes of the entry as its type stores it.
   *
   * @throws TlogError SIGNATURE from types whose stored form depends on which key made which signature
   */
  canonicalBody(): Uint8Array;
  /**
   * What the entry can be searched by, lower case and without repeats.
   *
   * @throws TlogError LIMIT when it names more than can be searched through; SIGNATURE as {@link canonicalBody}
   */
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

  /** In alphabetical order, each once. */
  get kinds(): string[] {
    return [...new Set(this.#types.map((type) => type.kind))].sort();
  }

  hasKind(kind: string): boolean {
    return this.#types.some((type) => type.kind === kind);
  }

  find(kind: string, apiVersion: string): EntryType | undefined {
    return this.#types.find((type) => type.kind === kind && type.apiVersion === apiVersion);
  }
}
