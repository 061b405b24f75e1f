import { Instance } from '@sigstead/instance';
import { closedLoop, type LoadResult } from './closed-loop.ts';
import type { Submissions } from './submissions.ts';

const ENTRIES_PATH = '/api/v1/log/entries';
/** What no log on such a machine exceeds; entries beyond are signed while the clock runs. */
const MOST_PER_SECOND = 2_000;

/**
 * A transparency log with its PostgreSQL, ready, and nothing else.
 *
 * @param prepare changes the instance's files before the log starts
 */
export async function startLog(
  settings: Readonly<Record<string, string>> = {},
  prepare: (instance: Instance) => Promise<void> = () => Promise.resolve(),
): Promise<Instance> {
  const instance = await Instance.prepare();
  try {
    await prepare(instance);
    await instance.start('transparencyLog', settings);
    return instance;
  } catch (error) {
    await instance.stop();
    throw error;
  }
}

export interface EntryLoad {
  readonly instance: Instance;
  readonly entries: Submissions;
  readonly clients: number;
  readonly seconds: number;
}

/** Makes what a load of such a length takes. */
export function prepareEntries({ entries, seconds }: Pick<EntryLoad, 'entries' | 'seconds'>): Promise<void> {
  return entries.prepare(Math.ceil(seconds * MOST_PER_SECOND));
}

/** Entries logged over HTTP; all are made before the clock runs. */
export async function submitEntries(load: EntryLoad): Promise<LoadResult> {
  const { instance, entries, clients, seconds } = load;
  await prepareEntries(load);
  const { path, wantStatus } = entries;
  const headers = { 'content-type': 'application/json' };
  return closedLoop({
    url: instance.internalUrl('transparencyLog'),
    next: async () => ({ method: 'POST', path, headers, body: await entries.next() }),
    wantStatus,
    clients,
    seconds,
  });
}

export interface Reads {
  readonly instance: Instance;
  readonly path: () => string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clients: number;
  readonly seconds: number;
}

export function read({ instance, path, headers = {}, clients, seconds }: Reads): Promise<LoadResult> {
  return closedLoop({
    url: instance.internalUrl('transparencyLog'),
    next: () => ({ method: 'GET', path: path(), headers }),
    wantStatus: 200,
    clients,
    seconds,
  });
}

export async function logSize(instance: Instance): Promise<number> {
  return (await getJson<{ treeSize: number }>(instance, '/api/v1/log')).treeSize;
}

/** Of the active Rekor v2 log. */
export async function checkpointSize(instance: Instance): Promise<number> {
  const [, size] = (await get(instance, '/checkpoint')).split('\n');
  return Number(size);
}

export async function entryIdAt(instance: Instance, index: number): Promise<string> {
  const path = `${ENTRIES_PATH}?logIndex=${index}`;
  const [id] = Object.keys(await getJson<Record<string, unknown>>(instance, path));
  if (id === undefined) throw new Error(`${path} gave no entry`);
  return id;
}

async function getJson<T>(instance: Instance, path: string): Promise<T> {
  return JSON.parse(await get(instance, path)) as T;
}

async function get(instance: Instance, path: string): Promise<string> {
  const answer = await fetch(instance.internalUrl('transparencyLog') + path);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return text;
}
