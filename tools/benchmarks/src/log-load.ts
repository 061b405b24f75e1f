import { Instance } from '@sigstead/instance';
import { closedLoop, type LoadResult } from './closed-loop.ts';
import type { SignedEntries } from './signed-entries.ts';

const ENTRIES_PATH = '/api/v1/log/entries';
/** What no log on such a machine exceeds; entries beyond are signed while the clock runs. */
const MOST_PER_SECOND = 2_000;

/** A transparency log with its PostgreSQL, ready, and nothing else. */
export async function startLog(settings: Readonly<Record<string, string>> = {}): Promise<Instance> {
  const instance = await Instance.prepare();
  try {
    await instance.start('transparencyLog', settings);
    return instance;
  } catch (error) {
    await instance.stop();
    throw error;
  }
}

export interface Submissions {
  readonly instance: Instance;
  readonly entries: SignedEntries;
  readonly clients: number;
  readonly seconds: number;
}

/** Signs what a load of such a length takes. */
export function prepareEntries({ entries, seconds }: Pick<Submissions, 'entries' | 'seconds'>): void {
  entries.prepare(Math.ceil(seconds * MOST_PER_SECOND));
}

/** Entries logged over HTTP; all are signed before the clock runs. */
export function submitEntries(submissions: Submissions): Promise<LoadResult> {
  const { instance, entries, clients, seconds } = submissions;
  prepareEntries(submissions);
  const headers = { 'content-type': 'application/json' };
  return closedLoop({
    url: instance.internalUrl('transparencyLog'),
    next: () => ({ method: 'POST', path: ENTRIES_PATH, headers, body: entries.next() }),
    wantStatus: 201,
    clients,
    seconds,
  });
}

export interface Reads {
  readonly instance: Instance;
  readonly path: () => string;
  readonly clients: number;
  readonly seconds: number;
}

export function read({ instance, path, clients, seconds }: Reads): Promise<LoadResult> {
  return closedLoop({
    url: instance.internalUrl('transparencyLog'),
    next: () => ({ method: 'GET', path: path(), headers: {} }),
    wantStatus: 200,
    clients,
    seconds,
  });
}

export async function logSize(instance: Instance): Promise<number> {
  return (await getJson<{ treeSize: number }>(instance, '/api/v1/log')).treeSize;
}

export async function entryIdAt(instance: Instance, index: number): Promise<string> {
  const path = `${ENTRIES_PATH}?logIndex=${index}`;
  const [id] = Object.keys(await getJson<Record<string, unknown>>(instance, path));
  if (id === undefined) throw new Error(`${path} gave no entry`);
  return id;
}

async function getJson<T>(instance: Instance, path: string): Promise<T> {
  const answer = await fetch(instance.internalUrl('transparencyLog') + path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
