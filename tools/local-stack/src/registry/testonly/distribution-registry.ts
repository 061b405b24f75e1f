import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunningRegistry } from './running-registry.ts';

const PROGRAM = 'docker-registry';

/** Whether Debian's package of the Distribution registry is there. Its version 2.8 knows no referrers. */
export function hasDistribution(): boolean {
  return spawnSync(PROGRAM, ['--version']).status === 0;
}

/** A real registry on a free port, in a folder of its own. */
export async function startDistribution(): Promise<Pick<RunningRegistry, 'host' | 'remove'>> {
  const directory = await mkdtemp(join(tmpdir(), 'distribution-'));
  const config = join(directory, 'config.yml');
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
      http: { addr: '127.0.0.1:0' },
    }),
  );
  const server = spawn(PROGRAM, ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const remove = async () => {
    const ended = once(server, 'exit');
    if (server.kill('SIGKILL')) await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const lines: string[] = [];
  for await (const line of createInterface({ input: server.stderr })) {
    lines.push(line);
    const host = /listening on (127\.0\.0\.1:[0-9]+)/.exec(line)?.[1];
    if (host === undefined) continue;
    server.stderr.resume();
    return { host, remove };
  }
  await remove();
  throw new Error(`${PROGRAM} did not start:\n${lines.join('\n')}`);
}
