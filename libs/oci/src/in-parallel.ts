/** Requests to one registry at a time. */
const CONCURRENCY = 6;

/** Works on several items, a few at a time. @returns the results in the order of the items, unless one fails: then no further is begun */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const workOn = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      results[at] = await work(items[at] as T).catch((error: unknown) => {
        next = items.length;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, workOn));
  return results;
}
