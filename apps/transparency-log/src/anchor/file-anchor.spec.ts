import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAnchor } from './file-anchor.ts';
import { formatAnchorFile } from './anchor-file.ts';
import type { TreeHead } from './anchor.ts';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'sigstead-anchor-')), 'log');
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

function head(size: number): TreeHead {
  return { size: BigInt(size), root: new Uint8Array(32).fill(size % 256) };
}

function name(version: number): string {
  return String(version).padStart(20, '0');
}

/** What `swaps` other writers leave behind, pruning included, after the first value. */
function overtakeSync(swaps: number): void {
  for (let i = 1; i <= swaps; i++) writeFileSync(join(directory, name(i + 1)), formatAnchorFile(head(i)));
  for (let i = 1; i <= swaps + 1 - 64; i++) unlinkSync(join(directory, name(i)));
}

async function filled(values: number): Promise<FileAnchor> {
  const anchor = await FileAnchor.open(directory);
  for (let i = 0; i < values; i++) {
    const version = (await anchor.read())?.version;
    expect(await anchor.compareAndSwap(version, head(i))).toBe(true);
  }
  return anchor;
}

describe('FileAnchor', () => {
  it('is undefined until something is stored', async () => {
    const anchor = await FileAnchor.open(directory);
    expect(await anchor.read()).toBeUndefined();
    expect(await anchor.compareAndSwap(undefined, head(1))).toBe(true);
    const stored = await (await FileAnchor.open(directory)).read();
    expect(stored?.size).toBe(1n);
    expect(Buffer.from(stored?.root ?? []).equals(head(1).root)).toBe(true);
  });

  it('refuses a swap that names another version', async () => {
    const anchor = await filled(3);
    const version = (await anchor.read())?.version as string;
    expect(await anchor.compareAndSwap(undefined, head(9))).toBe(false);
    expect(await anchor.compareAndSwap('0'.repeat(20), head(9))).toBe(false);
    expect((await anchor.read())?.version).toBe(version);
  });

  it('lets exactly one of many concurrent swaps win', async () => {
    await filled(1);
    const anchors = await Promise.all(Array.from({ length: 8 }, () => FileAnchor.open(directory)));
    for (let round = 0; round < 20; round++) {
      const version = (await anchors[0]?.read())?.version;
      const wins = await Promise.all(
        anchors.map((anchor, i) => anchor.compareAndSwap(version, head(round * 8 + i))),
      );
      const winner = wins.indexOf(true);
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await anchors[0]?.read())?.size).toBe(BigInt(round * 8 + winner));
    }
  });

  it('builds every value on the one before when many writers retry', async () => {
    await filled(1);
    const writers = await Promise.all(Array.from({ length: 4 }, () => FileAnchor.open(directory)));
    await Promise.all(
      writers.map(async (anchor) => {
        for (let done = 0; done < 15;) {
          const present = await anchor.read();
          if (await anchor.compareAndSwap(present?.version, head(Number(present?.size) + 1))) done++;
        }
      }),
    );
    // A win that another one built on at once may be answered with false; it is in the count all the same.
    const last = await writers[0]?.read();
    expect(last?.size).toBeGreaterThanOrEqual(60n);
    expect(last?.size).toBe(BigInt(last?.version ?? 0) - 1n);
  });

  it('keeps the newest 64 files and nothing pending', async () => {
    const anchor = await filled(70);
    const names = await readdir(directory);
    expect(names).toHaveLength(64);
    expect(names.every((name) => /^[0-9]{20}$/.test(name))).toBe(true);
    expect((await anchor.read())?.size).toBe(69n);
  });

  it('does not take a number that pruning freed for a win', async () => {
    const anchor = await filled(70);
    const stale = `${3}`.padStart(20, '0');
    expect(await anchor.compareAndSwap(stale, head(200))).toBe(false);
    expect((await anchor.read())?.size).toBe(69n);
  });

  it('never lets a writer win that was paused before its link while pruning freed its number', async () => {
    const anchor = await filled(1);
    const version = (await anchor.read())?.version;
    let overtaken = false;
    // Looked at after the version was compared and before the file is written: there the writer sleeps.
    const late: TreeHead = {
      root: head(200).root,
      get size() {
        if (!overtaken) overtakeSync(69);
        overtaken = true;
        return 200n;
      },
    };
    expect(await anchor.compareAndSwap(version, late)).toBe(false);
    expect(overtaken).toBe(true);
    // The link itself succeeded: the number was free again.
    expect((await readdir(directory)).sort()[0]).toBe(name(2));
    expect((await anchor.read())?.size).toBe(69n);
    expect(await anchor.compareAndSwap(name(70), head(70))).toBe(true);
    expect(await readdir(directory)).not.toContain(name(2));
  });

  it('never lets a paused writer win while its number is still taken', async () => {
    const anchor = await filled(1);
    const version = (await anchor.read())?.version;
    const late: TreeHead = {
      root: head(200).root,
      get size() {
        if (!existsSync(join(directory, name(2)))) overtakeSync(1);
        return 200n;
      },
    };
    expect(await anchor.compareAndSwap(version, late)).toBe(false);
    expect((await anchor.read())?.size).toBe(1n);
  });

  it('ignores what a crash before the link left', async () => {
    const anchor = await filled(2);
    await writeFile(join(directory, `pending-${'ab'.repeat(16)}`), '{"size":');
    expect((await anchor.read())?.size).toBe(1n);
  });

  it('refuses a torn file', async () => {
    const anchor = await filled(2);
    const version = (await anchor.read())?.version as string;
    await truncate(join(directory, version), 20);
    await expect(anchor.read()).rejects.toMatchObject({ code: 'ANCHOR' });
  });

  it('refuses a file that was changed', async () => {
    const anchor = await filled(2);
    const text = `{"size":"5","root":"${Buffer.alloc(32).toString('base64')}","checksum":"${'0'.repeat(64)}"}`;
    await writeFile(join(directory, (await anchor.read())?.version as string), text);
    await expect(anchor.read()).rejects.toMatchObject({ code: 'ANCHOR' });
  });

  it('refuses a foreign file', async () => {
    await filled(2);
    await writeFile(join(directory, 'notes.txt'), '');
    const anchor = await FileAnchor.open(directory);
    await expect(anchor.read()).rejects.toMatchObject({
      code: 'ANCHOR',
      message: /foreign file "notes.txt"/,
    });
    await expect(anchor.compareAndSwap(undefined, head(1))).rejects.toMatchObject({ code: 'ANCHOR' });
  });

  it('is unavailable, not empty, when its directory cannot be listed', async () => {
    const anchor = await filled(1);
    await rm(directory, { recursive: true });
    await expect(anchor.read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await mkdir(directory);
    expect(await anchor.read()).toBeUndefined();
  });
});
