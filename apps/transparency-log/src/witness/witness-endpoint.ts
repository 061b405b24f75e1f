import { encodeUtf8, equalBytes } from '@sigstead/encoding';
import { cosignatureTime, parseSignedNote, type NoteSignature, type PolicyWitness } from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import type { LogReader } from '../engine/log-reader.ts';
import { askWitness, type Exchange, type WitnessFailure } from './ask-witness.ts';

/** Of the log's history, what is needed to convince a witness; all of it committed. */
export type CommittedHistory = Pick<LogReader, 'consistencyProof' | 'headTime'>;

/** A checkpoint that is to be cosigned. */
export interface Proposal {
  readonly note: string;
  readonly head: TreeHead;
  readonly history: CommittedHistory;
}

/**
 * How an exchange with a witness ended: `cosigned`, a {@link WitnessFailure}, or
 *
 * - `unsigned`: an answer without a cosignature of its key over this checkpoint
 * - `overtaken`: it has cosigned a later head of the log, which another replica published
 * - `unsteady`: it named another size every time
 * - `contradicting`: it has cosigned what the database does not contain
 */
export type WitnessOutcome =
  'cosigned' | 'unsigned' | 'overtaken' | 'unsteady' | 'contradicting' | WitnessFailure;

export interface WitnessReport {
  readonly outcome: WitnessOutcome;
  readonly reason: string;
  /** By the witnesses' names in the policy; none unless cosigned. */
  readonly cosignatures: ReadonlyMap<string, NoteSignature>;
}

/** The size a witness has may be news once, and change once more under our hands. */
const MAX_TRIES = 3;

/** One web server that answers for one witness or several. */
export class WitnessEndpoint {
  readonly url: string;
  readonly #witnesses: readonly PolicyWitness[];
  readonly #exchange: Exchange;
  /** Of the last checkpoint it is known to have cosigned. */
  #knownSize = 0n;

  constructor(url: string, witnesses: readonly PolicyWitness[], exchange: Exchange) {
    this.url = url;
    this.#witnesses = witnesses;
    this.#exchange = exchange;
  }

  get names(): readonly string[] {
    return this.#witnesses.map(({ name }) => name);
  }

  /**
   * Asks for cosignatures, at most three times, and verifies them.
   *
   * @throws LogError UNAVAILABLE when the log's own history cannot be read
   */
  async propose(proposal: Proposal, signal: AbortSignal): Promise<WitnessReport> {
    const { note, head, history } = proposal;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const oldSize = this.#knownSize < head.size ? this.#knownSize : head.size;
      const isPrefix = oldSize > 0n && oldSize < head.size;
      const proof = isPrefix ? await history.consistencyProof(oldSize, head.size) : [];
      const answer = await askWitness(this.#exchange, this.url, { oldSize, proof, note }, signal);
      switch (answer.kind) {
        case 'signatures':
          return this.#verify(proposal, answer.signatures);
        case 'inconsistent':
          return report(
            'contradicting',
            `it has cosigned something that is not a prefix of the checkpoint of size ${head.size}`,
          );
        case 'failed':
          return report(answer.failure, answer.reason);
        case 'size':
          if (answer.size > head.size) return this.#judgeLater(answer.size, history);
          this.#knownSize = answer.size;
      }
    }
    return report('unsteady', `it named another size ${MAX_TRIES} times`);
  }

  /** Under a row lock somewhere, another replica may have committed and published since. If nobody has, the database is behind. */
  async #judgeLater(size: bigint, history: CommittedHistory): Promise<WitnessReport> {
    if ((await history.headTime(size)) !== undefined) {
      this.#knownSize = size;
      return report('overtaken', `it has cosigned the later head of size ${size}`);
    }
    return report(
      'contradicting',
      `it has cosigned a checkpoint of size ${size}, and the database has no such head`,
    );
  }

  #verify({ note, head }: Proposal, lines: readonly NoteSignature[]): WitnessReport {
    const text = encodeUtf8(parseSignedNote(note).body);
    const cosignatures = new Map<string, NoteSignature>();
    for (const { name, key } of this.#witnesses) {
      const line = lines.find((each) => each.name === key.name && equalBytes(each.keyHint, key.keyHint));
      if (line !== undefined && isTimed(line) && key.verify(text, line.signature))
        cosignatures.set(name, line);
    }
    if (cosignatures.size === 0)
      return report('unsigned', `none of ${lines.length} lines is its cosignature`);
    this.#knownSize = head.size;
    return { outcome: 'cosigned', reason: '', cosignatures };
  }
}

/** Cosignatures of a whole tree must not leave out the time. */
function isTimed({ signature }: NoteSignature): boolean {
  return (cosignatureTime(signature) ?? 0n) > 0n;
}

function report(outcome: WitnessOutcome, reason: string): WitnessReport {
  return { outcome, reason, cosignatures: new Map() };
}
