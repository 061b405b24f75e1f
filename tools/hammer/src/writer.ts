import { setTimeout as delay } from 'node:timers/promises';
import { askAt, isPassing } from './ask.ts';
import type { Acknowledged, Face, Proposal } from './face.ts';
import type { Ledger } from './ledger.ts';
import type { Tally } from './tally.ts';

export interface WriterOptions {
  readonly urls: readonly string[];
  readonly face: Face;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly isOver: () => boolean;
}

const PAUSE_MS = 20;
/** Of the entries, submitted once more, to another replica where there is one. */
const REPEATED_SHARE = 0.05;

/** Submits entry after entry, each until it is in the log, whichever replica says so. */
export async function write(options: WriterOptions): Promise<void> {
  const { face, ledger, isOver } = options;
  while (!isOver()) {
    try {
      const proposal = await face.propose();
      const { place, url } = await insist(options, proposal);
      ledger.record(place);
      if (Math.random() < REPEATED_SHARE) await repeat(options, proposal, place, url);
    } catch (error) {
      ledger.violate((error as Error).message);
    }
  }
}

interface Logged {
  readonly place: Acknowledged;
  /** Of the replica that said so. */
  readonly url: string;
}

async function insist(options: WriterOptions, proposal: Proposal): Promise<Logged> {
  const { urls, tally } = options;
  for (let attempt = 0; ; attempt++) {
    const url = pick(urls);
    const started = performance.now();
    const place = await submit(options, url, proposal);
    if (place === undefined) {
      await delay(PAUSE_MS);
      continue;
    }
    if (place.isNew === false) {
      if (attempt === 0) throw new Error(`entry ${place.index} was there before it was submitted`);
      tally.found += 1;
    } else {
      tally.latencies.push(performance.now() - started);
      tally.acknowledged += 1;
    }
    return { place, url };
  }
}

async function repeat(
  options: WriterOptions,
  proposal: Proposal,
  { index }: Acknowledged,
  url: string,
): Promise<void> {
  const others = options.urls.filter((other) => other !== url);
  const again = await submit(options, pick(others.length > 0 ? others : [url]), proposal);
  if (again === undefined) return;
  if (again.isNew === true) throw new Error(`entry ${index} was acknowledged and is taken again`);
  if (again.index !== index) throw new Error(`entry ${index} submitted again is entry ${again.index}`);
  options.tally.duplicates += 1;
}

/** Undefined when nothing is known of the entry after it. @throws Error for an answer that must not be */
async function submit(
  { ledger, tally }: WriterOptions,
  url: string,
  proposal: Proposal,
): Promise<Acknowledged | undefined> {
  const ask = askAt(url);
  const answer = await ask(proposal.path, proposal.body);
  tally.count(answer === undefined ? 'no answer' : String(answer.status));
  if (answer === undefined || isPassing(answer)) return undefined;
  const place = await proposal.read(answer, ask);
  if (place?.head !== undefined) ledger.recordHead(place.head);
  return place;
}

function pick(urls: readonly string[]): string {
  return urls[Math.floor(Math.random() * urls.length)] as string;
}
