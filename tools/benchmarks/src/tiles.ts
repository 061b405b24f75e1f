import { formatTilePath, TILE_WIDTH, type EntryLevel, type TileLevel } from '@sigstead/tiles';
import type { BenchmarkOptions } from './benchmark.ts';
import { checkpointSize, startLog, submitEntries } from './log-load.ts';
import { readTable } from './log-tables.ts';
import { SignedEntries } from './signed-entries.ts';

const WRITERS = 64;

/** Reads of a Rekor v2 log's tiles over HTTP, at random; bundles also as clients get them that take gzip. */
export async function benchmarkTiles({ seconds, print }: BenchmarkOptions): Promise<void> {
  const instance = await startLog();
  try {
    const entries = SignedEntries.forRekorV2();
    let size = 0;
    // Some full tiles, however slow the machine.
    while (size < 2 * TILE_WIDTH) {
      await submitEntries({ instance, entries, clients: WRITERS, seconds });
      size = await checkpointSize(instance);
    }
    const tiles = Math.floor(size / TILE_WIDTH);
    const full = (level: EntryLevel | TileLevel) => () => tileAt(level, tiles, TILE_WIDTH);
    const partial = (level: EntryLevel | TileLevel) => () =>
      tileAt(level, tiles, 1 + Math.floor(Math.random() * (TILE_WIDTH - 1)));
    const paths = {
      'full tile': full(0),
      'partial tile': partial(0),
      'full bundle': full('entries'),
      'partial bundle': partial('entries'),
      checkpoint: () => '/checkpoint',
    };
    const title = `tiles of ${size} entries`;
    print(await readTable({ instance, title, paths, seconds }));
    print('');
    const bundles = { 'full bundle': full('entries'), 'partial bundle': partial('entries') };
    const headers = { 'accept-encoding': 'gzip' };
    print(await readTable({ instance, title: `${title}, gzip`, paths: bundles, headers, seconds }));
  } finally {
    await instance.stop();
  }
}

function tileAt(level: EntryLevel | TileLevel, tiles: number, width: number): string {
  const n = BigInt(Math.floor(Math.random() * tiles));
  return `/${formatTilePath({ level, n, width })}`;
}
