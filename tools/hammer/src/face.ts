import type { Answer, Ask } from './ask.ts';
import type { Ledger } from './ledger.ts';

/** A signed state of the log, verified. */
export interface Head {
  readonly size: bigint;
  readonly rootHash: Uint8Array;
}

/** Where an entry is. */
export interface Place {
  readonly index: number;
  readonly leafHash: Uint8Array;
  /** What is logged once: for a CT log the hash of the certificate, else the leaf hash. */
  readonly identity: Uint8Array;
}

/** What the log said of an entry, verified. */
export interface Acknowledged extends Place {
  /** Undefined when the answer does not tell. */
  readonly isNew: boolean | undefined;
  /** What the answer proves it under; undefined when it is a promise only. */
  readonly head: Head | undefined;
}

/** Something to be logged, as often as it takes. */
export interface Proposal {
  readonly path: string;
  readonly body: string;
  /**
   * Checks all that an answer claims.
   *
   * @returns undefined when the answer refers to what cannot be read just now
   * @throws Error for a claim that does not hold, and for any answer that a sound entry must not get
   */
  read(answer: Answer, ask: Ask): Promise<Acknowledged | undefined>;
}

/** A log through one of its APIs, as a client that believes nothing: everything throws at the first thing that does not hold. */
export interface Face {
  /** Something nobody has logged. */
  propose(): Promise<Proposal>;
  /** The newest head that is shown, undefined when there is no answer just now. */
  head(ask: Ask): Promise<Head | undefined>;
  /** Asks the log for the proof that one head continues another; does nothing where its API has none. */
  verifyConsistency(ask: Ask, from: Head, to: Head): Promise<void>;
  /** Reads a tree into the ledger, at least what is not known of it. */
  readTree(asks: readonly Ask[], head: Head, ledger: Ledger): Promise<void>;
  /** Asks once more for one entry's place in the tree of that head. */
  verifyAgain(ask: Ask, place: Place, head: Head): Promise<void>;
}
