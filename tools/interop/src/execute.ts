import { execFile } from 'node:child_process';

export interface Executed {
  readonly ok: boolean;
  readonly stdout: string;
  /** Everything that was written, for people. */
  readonly said: string;
}

export interface Surroundings {
  /** All of it: nothing is inherited. */
  readonly environment: NodeJS.ProcessEnv;
  readonly directory: string;
  readonly timeoutMs: number;
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a program to its end. That it cannot be started, or takes too long, is a failure like any other. */
export function execute(
  [program, ...args]: readonly [string, ...string[]],
  { environment, directory, timeoutMs }: Surroundings,
): Promise<Executed> {
  const options = { env: environment, cwd: directory, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const why = error === null || typeof error.code === 'number' ? '' : `\n${error.message}`;
      resolve({ ok: error === null, stdout, said: `${stdout}${stderr}${why}`.trim() });
    });
    child.stdin?.end();
  });
}
