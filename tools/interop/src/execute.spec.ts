import { tmpdir } from 'node:os';
import { expect, it } from '@jest/globals';
import { execute, type Surroundings } from './execute.ts';

const surroundings: Surroundings = {
  environment: { PATH: process.env['PATH'], GIVEN: 'this' },
  directory: tmpdir(),
  timeoutMs: 10_000,
};

it('gives what was written, and whether all went well', async () => {
  const done = await execute(['sh', '-c', 'echo out; echo err >&2'], surroundings);
  expect(done).toEqual({ ok: true, stdout: 'out\n', said: 'out\nerr' });
  expect(await execute(['sh', '-c', 'echo no >&2; exit 3'], surroundings)).toMatchObject({
    ok: false,
    said: 'no',
  });
});

it('inherits nothing', async () => {
  const { stdout } = await execute(['sh', '-c', 'echo "$GIVEN$HOME"'], surroundings);
  expect(stdout).toBe('this\n');
});

it('ends what takes too long', async () => {
  const done = await execute(['sleep', '60'], { ...surroundings, timeoutMs: 50 });
  expect(done.ok).toBe(false);
});

it('fails for a program that is not there', async () => {
  const done = await execute(['no-such-program'], surroundings);
  expect([done.ok, done.said]).toEqual([false, expect.stringContaining('no-such-program')]);
});
