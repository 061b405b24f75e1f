import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger, LogEntry } from './ledger.ts';

/** What the writers met with. */
export class Tally {
  readonly statuses = new Map<string, number>();
  readonly latencies: number[] = [];
  acknowledged = 0;
  /** Submitted again though acknowledged, and found. */
  duplicates = 0;
  /** In the log after an attempt that was not answered. */
  found = 0;

  count(status: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }
}

export interface WriterOptions {
  readonly urls: readonly string[];
  readonly name: string;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly isOver: () => boolean;
}

const REQUEST_MS = 30_000;
const PAUSE_MS = 20;
/** Every so manieth entry is submitted once more, to another replica as likely as not. */
const REPEAT = 20;

/** Submits entry after entry, each until it is in the log, whichever replica says so. */
export async function write(options: WriterOptions): Promise<void> {
  const signer = PrivateKeySigner.generate('P-256');
  for (let i = 0; !options.isOver(); i++) {
    const body = await hashedRekord(signer, `${options.name} ${i}`);
    await insist(options, body);
    if (i % REPEAT === REPEAT - 1) await repeat(options, body);
  }
}

async function insist({ urls, ledger, tally }: WriterOptions, body: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const url = pick(urls);
    const started = performance.now();
    const answer = await post(url, body, tally);
    if (answer?.status === 201) {
      const entry = await read(answer);
      if (entry === undefined) continue;
      tally.latencies.push(performance.now() - started);
      tally.acknowledged += 1;
      return ledger.record(entry);
    }
    if (answer?.status === 409) {
      if (attempt === 0) ledger.violations.push('an entry was there before it was submitted');
      tally.found += 1;
      return;
    }
    if (answer !== undefined && answer.status !== 503)
      ledger.violations.push(`a sound entry was answered with ${answer.status}: ${await answer.text()}`);
    await delay(PAUSE_MS);
  }
}

async function repeat({ urls, ledger, tally }: WriterOptions, body: string): Promise<void> {
  const answer = await post(pick(urls), body, tally);
  if (answer?.status === 409) tally.duplicates += 1;
  else if (answer?.status === 201) ledger.violations.push('an acknowledged entry was taken again');
}

/** Undefined when nobody answered. */
async function post(url: string, body: string, tally: Tally): Promise<Response | undefined> {
  try {
    const answer = await fetch(`${url}/api/v1/log/entries`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    tally.count(String(answer.status));
    if (answer.status === 409 || answer.status === 503) await answer.arrayBuffer();
    return answer;
  } catch {
    tally.count('no answer');
    return undefined;
  }
}

async function read(answer: Response): Promise<Record<string, LogEntry> | undefined> {
  try {
    return (await answer.json()) as Record<string, LogEntry>;
  } catch {
    // The replica died in the middle of its answer.
    return undefined;
  }
}

function pick(urls: readonly string[]): string {
  return urls[Math.floor(Math.random() * urls.length)] as string;
}

async function hashedRekord(signer: PrivateKeySigner, artifact: string): Promise<string> {
  return JSON.stringify({
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: encodeHex(sha256(encodeUtf8(artifact))) } },
      signature: {
        content: encodeBase64(await signer.sign(encodeUtf8(artifact))),
        publicKey: { content: encodeBase64(encodeUtf8(signer.publicKey.toPem())) },
      },
    },
  });
}
