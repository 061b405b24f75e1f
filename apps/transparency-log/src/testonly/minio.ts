import { AwsClient } from 'aws4fetch';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Settings } from '../anchor/s3-anchor.ts';

const BINARY = process.env['SIGSTEAD_MINIO'] ?? 'minio';
const ACCESS = { accessKeyId: 'anchor-test', secretAccessKey: 'anchor-test-secret' };

export interface TestBucket {
  readonly settings: S3Settings;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Whether there is a MinIO server to test with: `SIGSTEAD_MINIO`, or `minio` in the path. */
export function hasMinio(): boolean {
  return spawnSync(BINARY, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** A real S3-compatible server with one bucket. */
export async function startMinio(): Promise<TestBucket> {
  const directory = await mkdtemp(join(tmpdir(), 'sigstead-minio-'));
  const port = await freePort();
  const child = spawn(BINARY, ['server', '--quiet', '--address', `127.0.0.1:${port}`, directory], {
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      MINIO_ROOT_USER: ACCESS.accessKeyId,
      MINIO_ROOT_PASSWORD: ACCESS.secretAccessKey,
      MINIO_BROWSER: 'off',
    },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/anchors`;
  const client = new AwsClient({ ...ACCESS, region: 'us-east-1', service: 's3', retries: 0 });
  while ((await client.fetch(url, { method: 'PUT' }).catch(() => undefined))?.status !== 200) {
    if (child.exitCode !== null) throw new Error(`minio ended with ${child.exitCode}`);
    await delay(50);
  }
  return {
    settings: { url, region: 'us-east-1', ...ACCESS },
    signal: (signal) => child.kill(signal),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
