import { createHash } from 'node:crypto';
import { pushBlob } from '@sigstead/instance';

/** An image in a registry. */
export interface ImageLocation {
  /** Base URL of the registry. */
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/*
 * Bare requests of the distribution protocol: what is read or changed here is the evidence of others, and nothing of ours
 * or theirs takes part.
 */

/** `host/repository@digest` */
export function referenceOf({ registry, repository, digest }: ImageLocation): string {
  return `${new URL(registry).host}/${repository}@${digest}`;
}

/** The tag that cosign's older form and the fallback for referrers begin with. */
export function digestTag({ digest }: ImageLocation): string {
  return digest.replace(':', '-');
}

export async function readManifest(
  { registry, repository }: ImageLocation,
  reference: string,
): Promise<Manifest> {
  return (await read(`${registry}/v2/${repository}/manifests/${reference}`)).json() as Promise<Manifest>;
}

export async function readBlob({ registry, repository }: ImageLocation, digest: string): Promise<Buffer> {
  return Buffer.from(await (await read(`${registry}/v2/${repository}/blobs/${digest}`)).arrayBuffer());
}

export async function writeBlob(image: ImageLocation, mediaType: string, bytes: Buffer): Promise<Descriptor> {
  return { mediaType, ...(await pushBlob(image.registry, image.repository, bytes)) };
}

/** Whatever names the image as its subject: by the referrers API, or by the tag that stands for it where there is none. */
export async function readReferrers(image: ImageLocation): Promise<readonly Descriptor[]> {
  const { registry, repository, digest } = image;
  const answer = await ask(`${registry}/v2/${repository}/referrers/${digest}`);
  if (answer.ok) return ((await answer.json()) as Index).manifests;
  return (await readFallbackIndex(image)).manifests;
}

/** Writes a manifest under a tag, or with a subject under its digest; without the referrers API its tag follows. */
export async function writeManifest(image: ImageLocation, manifest: Manifest, tag?: string): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const answer = await put(image, tag ?? digest, manifest.mediaType, bytes);
  if (manifest.subject === undefined || answer.headers.has('oci-subject')) return;
  const index = await readFallbackIndex(image);
  const { artifactType, annotations } = manifest;
  const descriptor = {
    mediaType: manifest.mediaType,
    digest,
    size: bytes.length,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
  };
  const next: Index = { ...index, manifests: [...index.manifests, descriptor] };
  await put(image, digestTag(image), OCI_INDEX, Buffer.from(JSON.stringify(next)));
}

async function readFallbackIndex(image: ImageLocation): Promise<Index> {
  const answer = await ask(`${image.registry}/v2/${image.repository}/manifests/${digestTag(image)}`);
  if (answer.status === 404) return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
  return (await answer.json()) as Index;
}

async function put(
  { registry, repository }: ImageLocation,
  reference: string,
  mediaType: string,
  bytes: Buffer,
): Promise<Response> {
  const url = `${registry}/v2/${repository}/manifests/${reference}`;
  const headers = { 'content-type': mediaType };
  const answer = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  if (answer.status !== 201) throw new Error(`PUT ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function read(url: string): Promise<Response> {
  const answer = await ask(url);
  if (!answer.ok) throw new Error(`GET ${url}: ${answer.status}`);
  return answer;
}

function ask(url: string): Promise<Response> {
  return fetch(url, { headers: { accept: `${OCI_MANIFEST}, ${OCI_INDEX}, */*` } });
}
