import type { AdmittedEntry } from '@sigstead/tlog';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { LogError } from '../errors.ts';
import type { Crowd, Judgement } from './admission-worker.ts';
import { admitterOf, type AdmissionSettings } from './admit-by-api.ts';
import { rebuildRefusal } from './refusal.ts';

export interface AdmissionPoolOptions {
  /** One less than there are cores unless told, since the event loop needs one; at least one. */
  readonly threads?: number;
  /** Bodies waiting or being checked at most, 1024 unless told. */
  readonly maxPending?: number;
  /** Their bytes at most, 64 MiB unless told; one body is taken whatever its size. */
  readonly maxPendingBytes?: number;
  /** Arguments of Node for the threads; those of this process unless told. */
  readonly execArgv?: readonly string[];
  /** Told when a thread failed while it had nothing to check; another one has taken its place. */
  readonly onThreadError?: (error: unknown) => void;
  /** Module that judges; our own unless told. */
  readonly worker?: URL;
}

/** Bodies sent to a thread at once, and their bytes: what a crowd saves is a message each, what it costs is that all wait for the last. */
const MAX_CROWD = { bodies: 16, bytes: 256 * 1024 };

interface Waiting {
  readonly judge: Judge;
  readonly body: Uint8Array;
  readonly resolve: (judgement: Judgement) => void;
  readonly reject: (error: unknown) => void;
}

/** What a log admits, with a name that threads know it by. */
type Judge = Pick<Crowd, 'name' | 'settings'>;

/** In the form this module has itself: source or built. */
const WORKER = new URL(`./admission-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Checks entries on other threads: a signature costs more than everything else an entry needs, and a P-521 one as much as the
 * event loop may ever be held. One pool is for all logs of a process. What waits for the same log goes to a thread in crowds. A thread that dies takes the one entry with it that it was
 * checking; another one starts.
 */
export class AdmissionPool {
  readonly #threads: Piscina<Crowd, readonly Judgement[]>;
  readonly #maxPending: number;
  readonly #maxPendingBytes: number;
  #pending = 0;
  #pendingBytes = 0;
  #waiting: Waiting[] = [];
  /** Threads that have nothing to check. */
  #idle: number;

  constructor(options: AdmissionPoolOptions) {
    const threads = options.threads ?? Math.max(1, availableParallelism() - 1);
    this.#idle = threads;
    this.#maxPending = options.maxPending ?? 1024;
    this.#maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 * 1024;
    this.#threads = new Piscina({
      filename: (options.worker ?? WORKER).href,
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
      ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
    });
    // Without a listener the failure of an idle thread would end the process.
    this.#threads.on('error', (error) => options.onThreadError?.(error));
  }

  /**
   * What checks a body on another thread as {@link admitterOf} does on this one.
   *
   * It throws TlogError for what the caller sent; LogError OVERLOADED when too much is waiting; any other error is a fault of ours.
   *
   * @throws KeyError, X509Error for a policy that cannot be used
   */
  admitterOf(settings: AdmissionSettings): (body: Uint8Array) => Promise<AdmittedEntry> {
    admitterOf(settings);
    const judge = { name: JSON.stringify(settings), settings };
    return (body) => this.#admit(judge, body);
  }

  /** Finishes what is being checked and ends the threads. */
  async close(): Promise<void> {
    await this.#threads.close({ force: true });
  }

  async #admit(judge: Judge, body: Uint8Array): Promise<AdmittedEntry> {
    this.#assertRoom(body.length);
    this.#pending += 1;
    this.#pendingBytes += body.length;
    try {
      const judgement = await this.#judge(judge, body);
      if ('refusal' in judgement) throw rebuildRefusal(judgement.refusal);
      return judgement.admitted;
    } finally {
      this.#pending -= 1;
      this.#pendingBytes -= body.length;
    }
  }

  #judge(judge: Judge, body: Uint8Array): Promise<Judgement> {
    return new Promise((resolve, reject) => {
      // A copy of its own: a body may be a part of a larger buffer that others read from, and all of that would be sent.
      this.#waiting.push({ judge, body: Uint8Array.from(body), resolve, reject });
      // What arrives in the same turn of the event loop goes together.
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    while (this.#idle > 0 && this.#waiting.length > 0) void this.#check(this.#takeCrowd());
  }

  /** From the front, what is for the same log and stays within the bounds; at least one. */
  #takeCrowd(): Waiting[] {
    const first = this.#waiting[0];
    let [count, bytes] = [0, 0];
    for (const { judge, body } of this.#waiting) {
      const isFull = count === MAX_CROWD.bodies || bytes + body.length > MAX_CROWD.bytes;
      if (judge.name !== first?.judge.name || (count > 0 && isFull)) break;
      count += 1;
      bytes += body.length;
    }
    return this.#waiting.splice(0, count);
  }

  /** Never rejects. */
  async #check(crowd: readonly Waiting[]): Promise<void> {
    this.#idle -= 1;
    try {
      await this.#checkTogether(crowd);
    } catch (error) {
      if (crowd.length === 1) crowd[0]?.reject(error);
      // One of them was too much for the thread: alone, each shows whether it was the one.
      else for (const each of crowd) await this.#checkTogether([each]).catch(each.reject);
    } finally {
      this.#idle += 1;
      this.#send();
    }
  }

  /** @param crowd all for the same log */
  async #checkTogether(crowd: readonly Waiting[]): Promise<void> {
    const { judge } = crowd[0] as Waiting;
    const judgements = await this.#threads.run({ ...judge, bodies: crowd.map(({ body }) => body) });
    crowd.forEach(({ resolve }, i) => resolve(judgements[i] as Judgement));
  }

  #assertRoom(bytes: number): void {
    if (this.#pending === 0) return;
    if (this.#pending >= this.#maxPending || this.#pendingBytes + bytes > this.#maxPendingBytes) {
      throw new LogError('OVERLOADED', `${this.#pending} entries are being checked already`);
    }
  }
}
