import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStack, pushImage, type RekorVersion } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { SIGSTEAD, wallTime } from './cli.ts';
import { percentile } from './closed-loop.ts';
import { table } from './table.ts';

const BATCH = 200;
const BATCHES = 5;
/** Rounds per second of the load's length: a command takes half a second. */
const ROUNDS_PER_SECOND = 1;
const LOGS: readonly RekorVersion[] = ['rekor-v1', 'rekor-v2'];

interface Timed {
  readonly title: string;
  readonly rounds: number;
  /** Arguments of `node`, for a round. */
  args(round: number): Promise<readonly string[]>;
}

/**
 * Wall time of the built command as it signs by a local stack on this machine, which has its database in it: from the start of `node`
 * to its end, one after the other.
 *
 * @throws Error when a command fails
 */
export async function benchmarkCliSigning({ seconds, print }: BenchmarkOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-cli-signing-'));
  const stack = await LocalStack.start(join(directory, 'stack'));
  try {
    const rounds = Math.max(5, Math.ceil(seconds * ROUNDS_PER_SECOND));
    const rows = [];
    for (const log of LOGS)
      for (const timed of commandsOn(log, stack, directory, rounds))
        rows.push(await measure(timed, stack, directory));
    print(table(['command', 'least ms', 'p50 ms', 'p95 ms'], rows));
  } finally {
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  { title, rounds, args }: Timed,
  stack: LocalStack,
  directory: string,
): Promise<(string | number)[]> {
  const times: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const words = await args(round);
    const environment = { HOME: directory, SIGSTORE_ID_TOKEN: await stack.identityToken() };
    const ms = wallTime(words, environment);
    // The first of each reads the disk.
    if (round >= 0) times.push(ms);
  }
  times.sort((a, b) => a - b);
  return [title, percentile(times, 0), percentile(times, 0.5), percentile(times, 0.95)];
}

function commandsOn(log: RekorVersion, stack: LocalStack, directory: string, rounds: number): Timed[] {
  const services = ['--signing-config', stack.signingConfig(log), '--trusted-root', stack.trustedRoot];
  const bundles = join(directory, 'bundles');
  return [
    {
      title: `sign-blob, ${log}`,
      rounds,
      args: async (round) => {
        const file = join(directory, 'file');
        await writeFile(file, `content of round ${round}`);
        return [SIGSTEAD, 'sign-blob', file, ...services];
      },
    },
    {
      title: `sign, ${log === 'rekor-v1' ? 'both forms' : 'a bundle'}, ${log}`,
      rounds,
      args: async (round) => {
        // Each in a repository of its own: beside one image the lists would grow with every signature.
        const { reference } = await pushImage(stack.url, `bench/${log}-${round + 1}`, 'v1');
        return [SIGSTEAD, 'sign', reference, ...services];
      },
    },
    {
      title: `sign-blob, ${BATCH} digests, ${log}`,
      rounds: BATCHES,
      args: async (round) => [SIGSTEAD, 'sign-blob', ...digestsOf(round), '--bundle', bundles, ...services],
    },
  ];
}

function digestsOf(round: number): string[] {
  return Array.from(
    { length: BATCH },
    (_, n) => `sha256:${String((round + 2) * BATCH + n).padStart(64, '0')}`,
  );
}
