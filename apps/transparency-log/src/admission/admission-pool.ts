import type { JsonLimits } from '@sigstead/encoding';
import { buildEntryPolicy, type AdmittedEntry, type EntryPolicySettings } from '@sigstead/tlog';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { LogError } from '../errors.ts';
import type { AdmissionWorkerData, Judgement } from './admission-worker.ts';
import { rebuildRefusal } from './refusal.ts';

export interface AdmissionPoolOptions {
  readonly policy: EntryPolicySettings;
  readonly limits: JsonLimits;
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

/** In the form this module has itself: source or built. */
const WORKER = new URL(`./admission-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Checks entries on other threads: a signature costs more than everything else an entry needs, and a P-521 one as much as the
 * event loop may ever be held. A thread that dies takes the one entry with it that it was checking; another one starts.
 */
export class AdmissionPool {
  readonly #threads: Piscina<Uint8Array, Judgement>;
  readonly #maxPending: number;
  readonly #maxPendingBytes: number;
  #pending = 0;
  #pendingBytes = 0;

  /** @throws KeyError, X509Error for a policy that cannot be used */
  constructor(options: AdmissionPoolOptions) {
    buildEntryPolicy(options.policy);
    const threads = options.threads ?? Math.max(1, availableParallelism() - 1);
    this.#maxPending = options.maxPending ?? 1024;
    this.#maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 * 1024;
    this.#threads = new Piscina({
      filename: (options.worker ?? WORKER).href,
      minThreads: threads,
      maxThreads: threads,
      workerData: { policy: options.policy, limits: options.limits } satisfies AdmissionWorkerData,
      recordTiming: false,
      ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
    });
    // Without a listener the failure of an idle thread would end the process.
    this.#threads.on('error', (error) => options.onThreadError?.(error));
  }

  /**
   * As `admitEntry` of the core, on another thread.
   *
   * @throws TlogError for what the caller sent; LogError OVERLOADED when too much is waiting; any other error is a fault of ours
   */
  async admit(body: Uint8Array): Promise<AdmittedEntry> {
    this.#assertRoom(body.length);
    this.#pending += 1;
    this.#pendingBytes += body.length;
    try {
      // A copy of its own: a body may be a part of a larger buffer that others read from, and all of that would be sent.
      const judgement = await this.#threads.run(Uint8Array.from(body));
      if ('refusal' in judgement) throw rebuildRefusal(judgement.refusal);
      return judgement.admitted;
    } finally {
      this.#pending -= 1;
      this.#pendingBytes -= body.length;
    }
  }

  /** Finishes what is being checked and ends the threads. */
  async close(): Promise<void> {
    await this.#threads.close({ force: true });
  }

  #assertRoom(bytes: number): void {
    if (this.#pending === 0) return;
    if (this.#pending >= this.#maxPending || this.#pendingBytes + bytes > this.#maxPendingBytes) {
      throw new LogError('OVERLOADED', `${this.#pending} entries are being checked already`);
    }
  }
}
