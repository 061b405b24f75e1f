import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { MAX_MANIFEST_BYTES, OCI_INDEX } from '@sigstead/oci';
import { originalContentType, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { BlobStore } from './blob-store.ts';
import { parseContentRange, parseRange } from './byte-range.ts';
import { parseContentDigest, type ContentDigest } from './content-digest.ts';
import { assertRepository, parseEndpoint, type Endpoint } from './endpoint.ts';
import { RegistryError } from './registry-error.ts';
import { RepositoryStore } from './repository-store.ts';
import { uploadLocation, uploadRange, UploadSessions } from './upload-sessions.ts';

type Target<K extends Endpoint['kind']> = Extract<Endpoint, { kind: K }>;

/** OCI distribution-spec 1.1. Repository names hold slashes, so one route takes every path and {@link parseEndpoint} reads it. */
@Controller()
export class RegistryController {
  constructor(
    @Inject(BlobStore) private readonly blobs: BlobStore,
    @Inject(RepositoryStore) private readonly repositories: RepositoryStore,
    @Inject(UploadSessions) private readonly uploads: UploadSessions,
  ) {}

  @All(['v2', 'v2/*'])
  async handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const url = new URL(request.raw.url ?? '/', 'http://registry.invalid');
    const endpoint = parseEndpoint(url.pathname);
    void reply.header('docker-distribution-api-version', 'registry/2.0');
    switch (`${request.method} ${endpoint?.kind}`) {
      case 'GET base':
      case 'HEAD base':
        return void reply.send({});
      case 'GET blob':
      case 'HEAD blob':
        return this.readBlob(endpoint as Target<'blob'>, request, reply);
      case 'DELETE blob':
        return this.deleteBlob(endpoint as Target<'blob'>, reply);
      case 'POST uploads':
        return this.openUpload(endpoint as Target<'uploads'>, url.searchParams, request, reply);
      case 'GET upload':
        return this.showUpload(endpoint as Target<'upload'>, reply);
      case 'PATCH upload':
        return this.appendChunk(endpoint as Target<'upload'>, request, reply);
      case 'PUT upload':
        return this.finishUpload(endpoint as Target<'upload'>, url.searchParams, request, reply);
      case 'DELETE upload':
        return this.cancelUpload(endpoint as Target<'upload'>, reply);
      case 'GET manifest':
      case 'HEAD manifest':
        return this.readManifest(endpoint as Target<'manifest'>, request, reply);
      case 'PUT manifest':
        return this.writeManifest(endpoint as Target<'manifest'>, request, reply);
      case 'DELETE manifest':
        return this.deleteManifest(endpoint as Target<'manifest'>, reply);
      case 'GET tags':
        return this.listTags(endpoint as Target<'tags'>, url.searchParams, reply);
      case 'GET referrers':
        return this.listReferrers(endpoint as Target<'referrers'>, url.searchParams, reply);
      default:
        if (endpoint === undefined) throw new RegistryError('NAME_UNKNOWN', 'no such endpoint');
        throw new RegistryError('UNSUPPORTED', `${request.method} is not supported here`);
    }
  }

  private async readBlob(
    { repository, digest }: Target<'blob'>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const size = await this.repositories.blobSize(repository, digest);
    const range = request.method === 'GET' ? parseRange(request.headers.range, size) : undefined;
    void reply.headers({
      'docker-content-digest': digest.text,
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
    });
    if (range === undefined) void reply.header('content-length', size);
    else {
      const { start, end } = range;
      void reply
        .status(206)
        .headers({ 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${size}` });
    }
    await reply.send(
      request.method === 'HEAD' ? undefined : createReadStream(this.blobs.path(digest), range ?? {}),
    );
  }

  private async deleteBlob({ repository, digest }: Target<'blob'>, reply: FastifyReply): Promise<void> {
    await this.repositories.unlinkBlob(repository, digest);
    await reply.status(202).send();
  }

  /** Opens an upload; with `mount` links a blob of another repository, with `digest` takes the whole blob at once. */
  private async openUpload(
    { repository }: Target<'uploads'>,
    query: URLSearchParams,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')];
    if (mount !== null && from !== null) {
      const mounted = parseContentDigest(mount);
      if (await this.repositories.hasBlob(assertRepository(from), mounted)) {
        await this.repositories.linkBlob(repository, mounted);
        return this.created(repository, mounted, reply);
      }
    }
    const wanted = digest === null ? undefined : parseContentDigest(digest);
    const upload = await this.uploads.open(repository);
    if (wanted === undefined) {
      const headers = {
        location: uploadLocation(upload),
        range: uploadRange(upload),
        'docker-upload-uuid': upload.id,
      };
      return void (await reply.status(202).headers(headers).send());
    }
    await this.uploads.append(repository, upload.id, request.raw);
    await this.complete(repository, upload.id, wanted, reply);
  }

  private async showUpload({ repository, id }: Target<'upload'>, reply: FastifyReply): Promise<void> {
    const upload = this.uploads.get(repository, id);
    await reply
      .status(204)
      .headers({ location: uploadLocation(upload), range: uploadRange(upload), 'docker-upload-uuid': id })
      .send();
  }

  private async appendChunk(
    { repository, id }: Target<'upload'>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const upload = await this.uploads.append(repository, id, request.raw, announcedChunk(request.raw));
    await reply
      .status(202)
      .headers({ location: uploadLocation(upload), range: uploadRange(upload), 'docker-upload-uuid': id })
      .send();
  }

  private async finishUpload(
    { repository, id }: Target<'upload'>,
    query: URLSearchParams,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const digest = parseContentDigest(query.get('digest') ?? '');
    await this.uploads.append(repository, id, request.raw, announcedChunk(request.raw));
    await this.complete(repository, id, digest, reply);
  }

  private async cancelUpload({ repository, id }: Target<'upload'>, reply: FastifyReply): Promise<void> {
    await this.uploads.cancel(repository, id);
    await reply.status(204).send();
  }

  private async complete(
    repository: string,
    id: string,
    digest: ContentDigest,
    reply: FastifyReply,
  ): Promise<void> {
    await this.uploads.finish(repository, id, digest);
    await this.repositories.linkBlob(repository, digest);
    await this.created(repository, digest, reply);
  }

  private async created(repository: string, digest: ContentDigest, reply: FastifyReply): Promise<void> {
    const headers = {
      location: `/v2/${repository}/blobs/${digest.text}`,
      'docker-content-digest': digest.text,
    };
    await reply.status(201).headers(headers).send();
  }

  private async readManifest(
    { repository, target }: Target<'manifest'>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { digest, mediaType, bytes } = await this.repositories.getManifest(repository, target);
    void reply.headers({
      'docker-content-digest': digest.text,
      'content-type': mediaType,
      'content-length': bytes.length,
    });
    await reply.send(request.method === 'HEAD' ? undefined : bytes);
  }

  private async writeManifest(
    { repository, target }: Target<'manifest'>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const bytes = await readManifestBody(request.raw);
    const contentType = originalContentType(request.raw) ?? '';
    const { digest, subject } = await this.repositories.putManifest(repository, target, contentType, bytes);
    if (subject !== undefined) void reply.header('oci-subject', subject.text);
    const headers = {
      location: `/v2/${repository}/manifests/${digest.text}`,
      'docker-content-digest': digest.text,
    };
    await reply.status(201).headers(headers).send();
  }

  private async deleteManifest(
    { repository, target }: Target<'manifest'>,
    reply: FastifyReply,
  ): Promise<void> {
    await this.repositories.deleteManifest(repository, target);
    await reply.status(202).send();
  }

  private async listTags(
    { repository }: Target<'tags'>,
    query: URLSearchParams,
    reply: FastifyReply,
  ): Promise<void> {
    const last = query.get('last');
    const all = (await this.repositories.tags(repository)).filter((tag) => last === null || tag > last);
    const n = /^[0-9]{1,6}$/.test(query.get('n') ?? '') ? Number(query.get('n')) : all.length;
    const page = all.slice(0, n);
    const end = page.at(-1);
    if (end !== undefined && page.length < all.length) {
      void reply.header(
        'link',
        `</v2/${repository}/tags/list?n=${n}&last=${encodeURIComponent(end)}>; rel="next"`,
      );
    }
    await reply.send({ name: repository, tags: page });
  }

  private async listReferrers(
    { repository, subject }: Target<'referrers'>,
    query: URLSearchParams,
    reply: FastifyReply,
  ): Promise<void> {
    const artifactType = query.get('artifactType');
    const all = await this.repositories.referrers(repository, subject);
    const manifests =
      artifactType === null ? all : all.filter((referrer) => referrer['artifactType'] === artifactType);
    if (artifactType !== null) void reply.header('oci-filters-applied', 'artifactType');
    const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    await reply.header('content-type', OCI_INDEX).send(Buffer.from(index));
  }
}

function announcedChunk(request: IncomingMessage): { start?: number; length?: number } {
  const range = parseContentRange(request.headers['content-range']);
  return range === undefined ? {} : { start: range.start, length: range.end - range.start + 1 };
}

async function readManifestBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES) {
      throw new RegistryError('SIZE_INVALID', `manifest of more than ${MAX_MANIFEST_BYTES} bytes`, {
        headers: { connection: 'close' },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
