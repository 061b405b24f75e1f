import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { claimDirectory } from './owner.ts';

describe('claimDirectory', () => {
  let directory: string;
  let other: ChildProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-owner-'));
    other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(other, 'spawn');
  });
  afterEach(async () => {
    other.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  /** Claims for the other process what this one could claim. */
  const claimForOther = async (): Promise<void> => {
    const stat = await readFile(`/proc/${other.pid}/stat`, 'utf8').catch(() => undefined);
    const startTime = stat === undefined ? 'alive' : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    await writeFile(join(directory, 'owner.json'), JSON.stringify({ pid: other.pid, startTime }));
  };

  it('leaves nothing behind when it is given back', async () => {
    const release = await claimDirectory(directory);
    expect(await readdir(directory)).toEqual(['owner.json']);
    await release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is refused while another process lives, and changes nothing', async () => {
    await claimForOther();
    const before = await readFile(join(directory, 'owner.json'), 'utf8');
    await expect(claimDirectory(directory)).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining(`process ${other.pid}`),
    });
    expect(await readdir(directory)).toEqual(['owner.json']);
    expect(await readFile(join(directory, 'owner.json'), 'utf8')).toBe(before);
  });

  it('passes on from a process that is gone, and from a torn file', async () => {
    await claimForOther();
    other.kill('SIGKILL');
    await once(other, 'exit');
    await (
      await claimDirectory(directory)
    )();
    await writeFile(join(directory, 'owner.json'), '{"pid":');
    await (
      await claimDirectory(directory)
    )();
  });
});
