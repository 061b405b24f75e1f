import { createHash } from 'node:crypto';

export interface PushedImage {
  /** host/repository:tag */
  readonly reference: string;
  readonly digest: string;
}

/** Pushes a small OCI image with bare requests of the distribution protocol: nothing of ours takes part. */
export async function pushImage(
  registry: string,
  repository: string,
  tag: string,
  content = tag,
): Promise<PushedImage> {
  const layer = await pushBlob(registry, repository, Buffer.from(`layer of ${content}`));
  const config = await pushBlob(
    registry,
    repository,
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      }),
    ),
  );
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
  });
  const answer = await fetch(`${registry}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    body: manifest,
  });
  if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${await answer.text()}`);
  return {
    reference: `${new URL(registry).host}/${repository}:${tag}`,
    digest: digestOf(Buffer.from(manifest)),
  };
}

/** @returns what a manifest says of it */
export async function pushBlob(
  registry: string,
  repository: string,
  bytes: Buffer,
): Promise<{ digest: string; size: number }> {
  const digest = digestOf(bytes);
  const begun = await fetch(`${registry}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', registry);
  location.searchParams.set('digest', digest);
  const done = await fetch(location, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  });
  if (done.status !== 201) throw new Error(`blob: ${done.status} ${await done.text()}`);
  return { digest, size: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
