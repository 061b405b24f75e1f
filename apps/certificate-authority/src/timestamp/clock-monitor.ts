import type { Log } from '@sigstead/server';
import { describeClockServer, type ClockServer } from './clock-server.ts';
import type { ClockReading } from './sntp-message.ts';

/** `unknown`: too few servers could be asked, and our clock was not known to be wrong before. */
export type ClockVerdict = 'unknown' | 'right' | 'wrong';

/** What the last round found. */
export interface ClockState {
  readonly verdict: ClockVerdict;
  /** Servers within the limit of our clock, beyond it, and asked. */
  readonly agreeing: number;
  readonly disagreeing: number;
  readonly asked: number;
}

/** Told of every question; feeds the metrics. */
export interface ClockObserver {
  serverAsked(server: string, milliseconds: number, failed: boolean): void;
  roundEnded(state: ClockState, reason: 'err_too_few' | 'err_inv_time' | undefined): void;
}

export interface ClockMonitorOptions {
  readonly servers: readonly ClockServer[];
  /** More than half of the servers, so that two opposite findings cannot both hold. */
  readonly threshold: number;
  readonly maxOffsetMs: number;
  readonly periodMs: number;
  /** One question to one server; throws when there is no usable reply. */
  readonly ask: (server: ClockServer, signal: AbortSignal) => Promise<ClockReading>;
  readonly observer: ClockObserver;
  readonly log: Log;
}

/** Datagrams get lost. */
const ATTEMPTS = 3;

/**
 * Compares our clock with several servers, over and over. One that lies, or one that is spoofed, decides nothing: it takes
 * `threshold` of them to find the clock right or wrong. Once wrong it stays so until as many find it right.
 */
export class ClockMonitor {
  readonly #options: ClockMonitorOptions;
  readonly #stopping = new AbortController();
  #state: ClockState;
  #logged: ClockVerdict | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ClockMonitorOptions) {
    this.#options = options;
    this.#state = { verdict: 'unknown', agreeing: 0, disagreeing: 0, asked: options.servers.length };
  }

  get state(): ClockState {
    return this.#state;
  }

  /** Asks every server at once. Never throws: a server that fails says nothing. */
  async check(): Promise<ClockState> {
    const { servers, threshold, observer, log } = this.#options;
    const findings = await Promise.all(servers.map((server) => this.#askPatiently(server)));
    if (this.#stopping.signal.aborted) return this.#state;
    const agreeing = findings.filter((finding) => finding === 'agrees').length;
    const disagreeing = findings.filter((finding) => finding === 'disagrees').length;
    const found = disagreeing >= threshold ? 'wrong' : agreeing >= threshold ? 'right' : 'unknown';
    const verdict = found === 'unknown' && this.#state.verdict === 'wrong' ? 'wrong' : found;
    this.#state = { verdict, agreeing, disagreeing, asked: servers.length };
    const reason = found === 'right' ? undefined : found === 'wrong' ? 'err_inv_time' : 'err_too_few';
    observer.roundEnded(this.#state, reason);
    if (verdict !== this.#logged)
      log[verdict === 'right' ? 'info' : 'warn']('clock compared', { ...this.#state });
    this.#logged = verdict;
    return this.#state;
  }

  /** A first round, then one per period after the last has ended. */
  async start(): Promise<void> {
    await this.check();
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => void this.start(), this.#options.periodMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  async #askPatiently(server: ClockServer): Promise<'agrees' | 'disagrees' | 'says nothing'> {
    const { ask, observer, log } = this.#options;
    const name = describeClockServer(server);
    for (let attempt = 1; attempt <= ATTEMPTS && !this.#stopping.signal.aborted; attempt++) {
      const startedAt = performance.now();
      try {
        const reading = await ask(server, this.#stopping.signal);
        observer.serverAsked(name, performance.now() - startedAt, false);
        return this.#judge(name, reading);
      } catch (error) {
        observer.serverAsked(name, performance.now() - startedAt, true);
        log.debug('clock server gave no answer', { server: name, attempt, error });
      }
    }
    return 'says nothing';
  }

  /** A server that does not know the time to within the limit cannot say on which side of it we are. */
  #judge(server: string, { offsetMs, uncertaintyMs }: ClockReading): 'agrees' | 'disagrees' | 'says nothing' {
    const { maxOffsetMs, log } = this.#options;
    const offset = Math.abs(offsetMs);
    if (uncertaintyMs > maxOffsetMs) return 'says nothing';
    if (offset <= maxOffsetMs) return 'agrees';
    log.warn('clock differs from a server', { server, offsetMs: Math.round(offsetMs) });
    return offset - uncertaintyMs > maxOffsetMs ? 'disagrees' : 'says nothing';
  }
}
