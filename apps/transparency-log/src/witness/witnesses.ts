import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { dial } from '@sigstead/dial';
import {
  addSignatures,
  isQuorumMet,
  type NoteSignature,
  type PolicyWitness,
  type WitnessPolicy,
} from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import {
  WitnessEndpoint,
  type CommittedHistory,
  type Proposal,
  type WitnessOutcome,
} from './witness-endpoint.ts';

/** Told how every exchange ended; for metrics and the service's log. */
export interface WitnessObserver {
  /** @param witness its name in the policy */
  asked(witness: string, outcome: WitnessOutcome, seconds: number, reason: string): void;
}

export interface WitnessesOptions {
  readonly policy: WitnessPolicy;
  /** For a checkpoint, all witnesses and tries together. */
  readonly timeoutMs: number;
  readonly observer: WitnessObserver;
}

export interface Cosigned {
  /** The note with the cosignatures that came, in the policy's order. */
  readonly note: string;
  /** Whether they meet the quorum. */
  readonly met: boolean;
}

/**
 * Asks witnesses to cosign the checkpoints of one log (C2SP tlog-witness).
 *
 * They are asked before the anchor moves. A crash in between leaves witnesses that have cosigned what nobody was told of, and what the
 * database contains: the next start publishes it. If the database has lost it by then, the witnesses say so, and the log stays shut
 * though its anchor agrees with the database.
 *
 * Their word on a size is not signed: a witness that lies can stop the log until it is taken out of the policy, and nothing else.
 */
export class Witnesses {
  readonly #policy: WitnessPolicy;
  readonly #timeoutMs: number;
  readonly #observer: WitnessObserver;
  readonly #agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true }),
  };
  readonly #asked: readonly AskedEndpoint[];
  #refusal: LogError | undefined;

  /** @throws LogError CONFIGURATION when a witness has no URL */
  constructor({ policy, timeoutMs, observer }: WitnessesOptions) {
    this.#policy = policy;
    this.#timeoutMs = timeoutMs;
    this.#observer = observer;
    this.#asked = [...byUrl(policy.witnesses)].map(([url, witnesses]) => ({
      endpoint: new WitnessEndpoint(url, witnesses, (target, init) =>
        dial(target, init, { agents: this.#agents }),
      ),
      last: Promise.resolve(),
    }));
  }

  /**
   * Asks all witnesses at once, and comes back when the quorum is met, when all have answered, or when the time is over. Whoever has not
   * answered by then may do so until its time is over; it is asked again only after that.
   *
   * @param note the log's own, of a committed head
   * @throws LogError REFUSED from the moment a witness has cosigned what the database does not contain, UNAVAILABLE
   */
  async cosign(note: string, head: TreeHead, history: CommittedHistory): Promise<Cosigned> {
    this.#assertUncontradicted();
    const cosignatures = new Map<string, NoteSignature>();
    const over = new AbortController();
    const timeBox = AbortSignal.timeout(this.#timeoutMs);
    const round = { proposal: { note, head, history }, over: over.signal, timeBox };
    try {
      await new Promise<void>((resolve, reject) => {
        timeBox.addEventListener('abort', () => resolve(), { once: true });
        const answers = this.#asked.map(async (asked) => {
          for (const [name, line] of await this.#ask(asked, round)) cosignatures.set(name, line);
          if (this.#isEnough(cosignatures)) resolve();
        });
        Promise.all(answers).then(() => resolve(), reject);
      });
    } finally {
      over.abort();
    }
    this.#assertUncontradicted();
    return this.#append(note, cosignatures);
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #assertUncontradicted(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** One after the other for each endpoint: of two checkpoints under way the larger one could arrive first. */
  #ask(asked: AskedEndpoint, round: Round): Promise<ReadonlyMap<string, NoteSignature>> {
    const answer = asked.last.then(() => this.#propose(asked.endpoint, round));
    asked.last = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  async #propose(
    endpoint: WitnessEndpoint,
    { proposal, over, timeBox }: Round,
  ): Promise<ReadonlyMap<string, NoteSignature>> {
    if (over.aborted || timeBox.aborted) return new Map();
    const started = performance.now();
    const { outcome, reason, cosignatures } = await endpoint.propose(proposal, timeBox);
    const seconds = (performance.now() - started) / 1000;
    for (const name of endpoint.names) {
      const isMissing = outcome === 'cosigned' && !cosignatures.has(name);
      this.#observer.asked(name, isMissing ? 'unsigned' : outcome, seconds, reason);
    }
    if (outcome === 'contradicting') throw this.#refuse(endpoint, reason);
    return cosignatures;
  }

  #refuse({ names }: WitnessEndpoint, reason: string): LogError {
    this.#refusal ??= new LogError(
      'REFUSED',
      `witness ${names.join(', ')} contradicts the database: ${reason}`,
    );
    return this.#refusal;
  }

  /** Where nobody is asked for, everybody gets the time there is. */
  #isEnough(cosignatures: ReadonlyMap<string, NoteSignature>): boolean {
    return this.#policy.quorum !== undefined && isQuorumMet(this.#policy, new Set(cosignatures.keys()));
  }

  #append(note: string, cosignatures: ReadonlyMap<string, NoteSignature>): Cosigned {
    const lines = this.#policy.witnesses.flatMap(({ name }) => cosignatures.get(name) ?? []);
    return {
      note: addSignatures(note, lines),
      met: isQuorumMet(this.#policy, new Set(cosignatures.keys())),
    };
  }
}

interface AskedEndpoint {
  readonly endpoint: WitnessEndpoint;
  /** Ends when its last answer has come, or its time is over. */
  last: Promise<void>;
}

interface Round {
  readonly proposal: Proposal;
  /** When nothing is waited for any more: who has not been asked yet is not. */
  readonly over: AbortSignal;
  readonly timeBox: AbortSignal;
}

function byUrl(witnesses: readonly PolicyWitness[]): Map<string, PolicyWitness[]> {
  const endpoints = new Map<string, PolicyWitness[]>();
  for (const witness of witnesses) {
    if (witness.url === undefined) {
      throw new LogError('CONFIGURATION', `witness ${JSON.stringify(witness.name)} has no URL in the policy`);
    }
    endpoints.set(witness.url, [...(endpoints.get(witness.url) ?? []), witness]);
  }
  return endpoints;
}
