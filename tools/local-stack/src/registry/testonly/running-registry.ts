import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@sigstead/server';
import { createDevelopmentRegistry } from '../index.ts';

export interface RunningRegistry {
  readonly url: string;
  readonly host: string;
  readonly directory: string;
  /** Stops the process' part, as a crash would: the directory stays. */
  stop(): Promise<void>;
  /** Stops and removes everything. */
  remove(): Promise<void>;
}

export async function startRegistry(
  options: { directory?: string; maxBlobBytes?: number; clock?: () => Date } = {},
): Promise<RunningRegistry> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'registry-')));
  const { maxBlobBytes, clock = () => new Date('2026-01-01T00:00:00Z') } = options;
  const service = await createDevelopmentRegistry({
    directory,
    clock,
    log: createLog('registry', 'silent'),
    ...(maxBlobBytes === undefined ? {} : { maxBlobBytes }),
  });
  const url = await service.listen(0, '127.0.0.1');
  const stop = () => service.close();
  const remove = async () => {
    await stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { url, host: new URL(url).host, directory, stop, remove };
}

export function sha256Digest(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Pushes a blob in the two steps every client uses. @returns its digest */
export async function pushBlob(base: string, repository: string, bytes: string): Promise<string> {
  const digest = sha256Digest(bytes);
  const opened = await fetch(`${base}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(opened.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digest);
  await fetch(location, { method: 'PUT', body: bytes });
  return digest;
}

/** An image manifest over blobs that are in the repository, as JSON text. */
export function imageManifest(config: string, layers: readonly string[], more: object = {}): string {
  const describe = (mediaType: string, content: string) => ({
    mediaType,
    size: content.length,
    digest: sha256Digest(content),
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
    ...more,
  });
}

export async function pushImage(
  base: string,
  repository: string,
  target: string,
  layers: readonly string[] = ['layer'],
  more: object = {},
) {
  for (const blob of ['{}', ...layers]) await pushBlob(base, repository, blob);
  const manifest = imageManifest('{}', layers, more);
  const response = await fetch(`${base}/v2/${repository}/manifests/${target}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    body: manifest,
  });
  return { response, manifest, digest: sha256Digest(manifest) };
}
