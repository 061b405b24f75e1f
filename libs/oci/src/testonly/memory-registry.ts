import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeUtf8 } from '@sigstead/encoding';
import { digestOf } from '../digest.ts';
import { OCI_INDEX } from '../media-types.ts';

/** Answers a request and returns true, or leaves it to the honest registry. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean | void;

export interface MemoryRegistry {
  readonly host: string;
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, { mediaType: string; bytes: Uint8Array }>;
  /** Every request with the Authorization header it carried. */
  readonly seen: { method: string; url: string; authorization: string | undefined }[];
  intercept: Interceptor;
  /** Whether it knows the referrers API of distribution-spec 1.1; it does not at first. */
  hasReferrers: boolean;
  /** Whether it knows conditional requests; it does not at first. */
  hasConditions: boolean;
  close(): Promise<void>;
}

/**
 * The smallest registry that keeps what it is given, of one repository whatever its name, with a place to misbehave. The
 * conforming one is tools/local-stack; core libs cannot use it.
 */
export async function startMemoryRegistry(intercept: Interceptor = () => undefined): Promise<MemoryRegistry> {
  const registry = {
    blobs: new Map(),
    manifests: new Map(),
    seen: [],
    intercept,
    hasReferrers: false,
    hasConditions: false,
  } as unknown as MemoryRegistry;
  const server = createServer((request, response) => {
    registry.seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
    });
    if (registry.intercept(request, response) === true) return;
    void serve(registry, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(registry, { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close });
}

async function serve(
  registry: MemoryRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '', 'http://registry.invalid');
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const body = new Uint8Array(Buffer.concat(chunks));
  const item = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  const isManifest = url.pathname.includes('/manifests/');

  if (request.method === 'POST') return void response.writeHead(202, { location: `${url.pathname}1` }).end();
  if (request.method === 'PUT' && isManifest) {
    const manifest = { mediaType: request.headers['content-type'] ?? '', bytes: body };
    const stored = registry.manifests.get(item);
    if (registry.hasConditions && !isAllowed(request, stored?.bytes))
      return void response.writeHead(412).end();
    registry.manifests.set(item, manifest).set(digestOf(body), manifest);
    const subject = registry.hasReferrers ? parse(body).subject?.digest : undefined;
    return void response.writeHead(201, subject === undefined ? {} : { 'oci-subject': subject }).end();
  }
  if (request.method === 'PUT') {
    registry.blobs.set(url.searchParams.get('digest') ?? '', body);
    return void response.writeHead(201).end();
  }
  if (registry.hasReferrers && url.pathname.includes('/referrers/')) {
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: referrersOf(registry, item) };
    return void response.writeHead(200, { 'content-type': OCI_INDEX }).end(JSON.stringify(index));
  }
  const manifest = isManifest ? registry.manifests.get(item) : undefined;
  const bytes = isManifest ? manifest?.bytes : registry.blobs.get(item);
  if (bytes === undefined)
    return void response
      .writeHead(404)
      .end(JSON.stringify({ errors: [{ code: 'UNKNOWN', message: 'no such thing' }] }));
  response.writeHead(200, {
    'content-type': manifest?.mediaType ?? 'application/octet-stream',
    'content-length': bytes.length,
    ...(registry.hasConditions ? { etag: etagOf(bytes) } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function etagOf(bytes: Uint8Array): string {
  return `"${digestOf(bytes)}"`;
}

/** RFC 9110 section 13.1. */
function isAllowed({ headers }: IncomingMessage, stored: Uint8Array | undefined): boolean {
  if (headers['if-none-match'] === '*') return stored === undefined;
  const match = headers['if-match'];
  return match === undefined || (stored !== undefined && match === etagOf(stored));
}

/** What is read of a stored manifest. */
interface StoredManifest {
  readonly artifactType?: string;
  readonly annotations?: object;
  readonly config?: { readonly mediaType?: string };
  readonly subject?: { readonly digest?: string };
}

function parse(bytes: Uint8Array): StoredManifest {
  return JSON.parse(decodeUtf8(bytes)) as StoredManifest;
}

function referrersOf({ manifests }: MemoryRegistry, subject: string): object[] {
  return [...manifests].flatMap(([name, { mediaType, bytes }]) => {
    const { artifactType, annotations, config, ...manifest } = parse(bytes);
    if (!name.startsWith('sha256:') || manifest.subject?.digest !== subject) return [];
    const type = artifactType ?? config?.mediaType;
    return [{ mediaType, digest: name, size: bytes.length, artifactType: type, annotations }];
  });
}
