import { Command } from 'commander';
import { Cluster } from './cluster.ts';
import { hammer } from './hammer.ts';

interface Options {
  readonly minutes: string;
  readonly writers: string;
  readonly replicas: string;
  readonly killEvery: string;
  readonly crashEvery: string;
}

const options = new Command('hammer')
  .description(
    'writes to a Rekor v1 log while its replicas and its database fall, then checks every promise it gave',
  )
  .option('--minutes <n>', 'of writing', '10')
  .option('--writers <n>', 'clients at once', '32')
  .option('--replicas <n>', 'of the service', '2')
  .option('--kill-every <seconds>', 'mean time between kills of a replica; 0: none', '10')
  .option('--crash-every <seconds>', 'mean time between crashes of the database; 0: none', '0')
  .parse()
  .opts<Options>();

const cluster = await Cluster.start(Number(options.replicas));
try {
  const { violations, ...figures } = await hammer(cluster, {
    minutes: Number(options.minutes),
    writers: Number(options.writers),
    killEvery: Number(options.killEvery),
    crashEvery: Number(options.crashEvery),
  });
  const perSecond = Math.round((figures.acknowledged + figures.found) / figures.seconds);
  process.stdout.write(
    `${JSON.stringify({ ...figures, perSecond, violations: violations.length }, undefined, 2)}\n`,
  );
  for (const violation of violations.slice(0, 20)) process.stdout.write(`violation: ${violation}\n`);
  if (violations.length > 0) process.exitCode = 1;
} finally {
  await cluster.stop();
}
