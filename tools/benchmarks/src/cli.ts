import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ROOT } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { percentile } from './closed-loop.ts';
import { table } from './table.ts';
import { makeFreshBundles } from './testonly/fresh-bundles.ts';

const SIGSTEAD = join(ROOT, 'tools/cli/bin/sigstead.js');
/** Rounds per second of the load's length: a command takes a tenth of a second or two. */
const ROUNDS_PER_SECOND = 3;

/**
 * Wall time of the built command, as a person at a terminal has it: from the start of `node` to its end, one after the other and in
 * turns with a `node` that does nothing, which is the floor.
 *
 * @throws Error when a command fails
 */
export async function benchmarkCli({ seconds, print }: BenchmarkOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-cli-'));
  try {
    const commands = await commandsIn(directory);
    const times = commands.map((): number[] => []);
    const rounds = Math.max(5, Math.ceil(seconds * ROUNDS_PER_SECOND));
    for (let round = -1; round < rounds; round++) {
      commands.forEach(({ args }, at) => {
        const ms = wallTime(args, directory);
        // The first of each reads the disk.
        if (round >= 0) times[at]?.push(ms);
      });
    }
    const rows = commands.map(({ title }, at) => {
      const sorted = (times[at] ?? []).sort((a, b) => a - b);
      return [title, percentile(sorted, 0), percentile(sorted, 0.5), percentile(sorted, 0.95)];
    });
    print(table(['command', 'least ms', 'p50 ms', 'p95 ms'], rows));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function commandsIn(directory: string): Promise<readonly { title: string; args: readonly string[] }[]> {
  const { trustedRoot, identity, issuer, byShape } = await makeFreshBundles(1);
  const root = join(directory, 'trusted_root.json');
  await writeFile(root, trustedRoot);
  const who = ['--certificate-identity', identity, '--certificate-oidc-issuer', issuer];
  const verifications = [...byShape]
    .filter(([shape]) => shape.startsWith('message'))
    .map(async ([shape, [signed]], at) => {
      const [bundle, artifact] = [join(directory, `${at}.sigstore.json`), join(directory, `${at}.artifact`)];
      await writeFile(bundle, signed?.json ?? '');
      await writeFile(artifact, signed?.artifact ?? '');
      const args = [SIGSTEAD, 'verify-blob', '--trusted-root', root, '--bundle', bundle, ...who, artifact];
      return { title: `verify-blob (${shape})`, args };
    });
  return [
    { title: 'node, doing nothing', args: ['-e', '0'] },
    { title: '--version', args: [SIGSTEAD, '--version'] },
    { title: '--help', args: [SIGSTEAD, '--help'] },
    ...(await Promise.all(verifications)),
  ];
}

/** @param home where no configuration lies */
function wallTime(args: readonly string[], home: string): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home, SIGSTEAD_HOME: home },
  });
  const took = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${args.slice(1, 3).join(' ')} ended with ${status}: ${stderr}`);
  return took;
}
