/**
 * Results of a piece of work for each item, in the order of the items, with up to `ahead` pieces under way at once. The first
 * failure ends it, as does leaving the loop; nothing more is begun then.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncIterable<R> {
  const rest = items[Symbol.iterator]();
  const underWay: Promise<R>[] = [];
  const begin = (): void => {
    const next = rest.next();
    if (next.done === true) return;
    const result = work(next.value);
    // It is awaited in its turn, or never when an earlier one failed: neither may end the process.
    result.catch(() => undefined);
    underWay.push(result);
  };
  for (let i = 0; i < ahead; i++) begin();
  for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) {
    const result = await first;
    begin();
    yield result;
  }
}
