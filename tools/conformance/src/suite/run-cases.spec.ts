import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ConformanceCase } from './cases.ts';
import { runCases } from './run-cases.ts';

let directory: string;
let program: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-run-cases-'));
  program = join(directory, 'program');
  await writeFile(program, '#!/bin/sh\necho "because $1" >&2\nexit $1\n');
  await chmod(program, 0o755);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const endsWith = (code: number, accepted: boolean): ConformanceCase => ({
  id: `${accepted ? 'accept' : 'refuse'}-${code}`,
  accepted,
  args: [String(code)],
});

it('passes what ends as it should', async () => {
  expect(await runCases(program, [endsWith(0, true), endsWith(1, false)], 2)).toEqual([]);
});

it('fails what is refused, what is accepted, and a crash where a refusal is wanted', async () => {
  const cases = [endsWith(1, true), endsWith(0, false), endsWith(2, false), endsWith(70, false)];
  expect(await runCases(program, cases, 2)).toEqual([
    { id: 'accept-1', reason: 'must be accepted: because 1' },
    { id: 'refuse-0', reason: 'accepted, must be refused' },
    { id: 'refuse-2', reason: 'ends with 2, which is no refusal: because 2' },
    { id: 'refuse-70', reason: 'ends with 70, which is no refusal: because 70' },
  ]);
});

it('fails all when the program is not there', async () => {
  const failures = await runCases(join(directory, 'none'), [endsWith(0, true), endsWith(1, false)], 1);
  expect(failures).toHaveLength(2);
});
