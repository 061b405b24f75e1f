import { execFile } from 'node:child_process';
import { exitCodes } from '../errors.ts';
import type { ConformanceCase } from './cases.ts';

export interface Failure {
  readonly id: string;
  readonly reason: string;
}

const TIMEOUT_MS = 60_000;

/**
 * Runs the program once for each case, as the suite does.
 *
 * @param workers how many at a time
 */
export async function runCases(
  program: string,
  cases: readonly ConformanceCase[],
  workers: number,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const queue = cases.values();
  const work = async () => {
    for (const each of queue) {
      const reason = judge(each, await run(program, each.args));
      if (reason !== undefined) failures.push({ id: each.id, reason });
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return failures.sort((a, b) => (a.id < b.id ? -1 : 1));
}

interface Ended {
  readonly code: number | string;
  readonly said: string;
}

/** Why the case fails, if it does. What must be refused must be refused with a reason: a crash is not one. */
function judge({ accepted }: ConformanceCase, { code, said }: Ended): string | undefined {
  const wanted = accepted ? exitCodes.ok : exitCodes.refused;
  if (code === wanted) return undefined;
  if (code === exitCodes.ok) return 'accepted, must be refused';
  return accepted ? `must be accepted: ${said}` : `ends with ${code}, which is no refusal: ${said}`;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : (error.code ?? error.signal ?? 'no exit code');
      resolve({ code, said: `${stdout}${stderr}`.trim() });
    });
  });
}
