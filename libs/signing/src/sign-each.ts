import { SigningError } from './errors.ts';
import type { KeySource, SigningKey } from './signing-key.ts';

/** What became of one of many. */
export type Outcome<Result> =
  | { readonly index: number; readonly result: Result }
  | { readonly index: number; readonly error: SigningError };

export interface SignEachOptions {
  /** How many are under way at once. 16 unless told. */
  readonly concurrency?: number;
  /** No further one is begun; those under way are finished. */
  readonly signal?: AbortSignal;
}

const DEFAULT_CONCURRENCY = 16;

/**
 * Signs many artifacts, several at a time, each by itself: what fails takes nothing else along. Outcomes come as they are ready.
 *
 * @param sign makes one signature with the key it is given
 * @returns an outcome for every item that was begun, in no particular order
 */
export async function* signEach<Item, Result>(
  keys: KeySource,
  items: readonly Item[],
  sign: (key: SigningKey, item: Item, index: number) => Promise<Result>,
  { concurrency = DEFAULT_CONCURRENCY, signal }: SignEachOptions = {},
): AsyncGenerator<Outcome<Result>, void, undefined> {
  const running = new Map<number, Promise<Outcome<Result>>>();
  let next = 0;
  const begin = (): void => {
    while (running.size < concurrency && next < items.length && signal?.aborted !== true) {
      const index = next++;
      running.set(index, signOne(keys, items[index] as Item, index, sign));
    }
  };
  try {
    for (begin(); running.size > 0; begin()) {
      const outcome = await Promise.race(running.values());
      running.delete(outcome.index);
      yield outcome;
    }
  } finally {
    // Whoever leaves early still owns keys that are in use until then.
    await Promise.allSettled(running.values());
  }
}

async function signOne<Item, Result>(
  keys: KeySource,
  item: Item,
  index: number,
  sign: (key: SigningKey, item: Item, index: number) => Promise<Result>,
): Promise<Outcome<Result>> {
  try {
    return { index, result: await sign(await keys.key(), item, index) };
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    return { index, error };
  }
}

/** All outcomes, in the order of the items. */
export async function signMany<Item, Result>(
  keys: KeySource,
  items: readonly Item[],
  sign: (key: SigningKey, item: Item, index: number) => Promise<Result>,
  options: SignEachOptions & { readonly onOutcome?: (outcome: Outcome<Result>) => void } = {},
): Promise<Outcome<Result>[]> {
  const outcomes: Outcome<Result>[] = [];
  for await (const outcome of signEach(keys, items, sign, options)) {
    options.onOutcome?.(outcome);
    outcomes.push(outcome);
  }
  return outcomes.sort((a, b) => a.index - b.index);
}
