import { digestOf, isDigest, parseDigest, quote, verified } from './digest.ts';
import { OciError } from './errors.ts';
import type { Answer } from './exchange.ts';
import { MAX_MANIFEST_BYTES, mediaTypeOf, parseManifest, type Manifest } from './manifest.ts';
import { MANIFEST_MEDIA_TYPES, OCI_INDEX } from './media-types.ts';
import { nextPage } from './next-page.ts';
import { isTag, type ImageReference } from './reference.ts';
import { assertStatus } from './status.ts';
import { parseTags } from './tags.ts';
import { Transport, type RegistryOptions } from './transport.ts';
import { Turns } from './turns.ts';
import { Uploads } from './uploads.ts';

/** What is to be read of a descriptor before its bytes are. */
export interface Sized {
  readonly digest: string;
  /** bytes */
  readonly size: number;
}

export interface ReferrersPage {
  readonly index: Manifest;
  readonly next: URL | undefined;
}

/** How registries say that they do not know the referrers API. */
const NO_SUCH_API: readonly number[] = [400, 404, 405, 406, 501];

/**
 * Reads and writes one kind of thing each: manifests by tag or digest, blobs by digest (OCI distribution-spec 1.1).
 * Every digest is computed here; a registry's word for it is only ever compared.
 */
export class RegistryClient {
  readonly #transport: Transport;
  readonly #uploads: Uploads;
  readonly #turns = new Turns();
  /** Repositories whose registry lists referrers. */
  readonly #listing = new Set<string>();

  constructor(options: RegistryOptions) {
    this.#transport = new Transport(options);
    this.#uploads = new Uploads(this.#transport);
  }

  /** Lets work of one key wait for the work of that key before it, among all that is done through this client. */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(key, work);
  }

  /**
   * What a reference stands for right now.
   *
   * @throws OciError NOT_FOUND when the registry has no such image
   */
  async resolve(ref: ImageReference): Promise<{ digest: string; mediaType: string; size: number }> {
    const { digest, mediaType, bytes } = await this.getManifest(ref);
    return { digest, mediaType, size: bytes.length };
  }

  /**
   * A manifest of the reference's repository.
   *
   * @param target digest or tag, the reference's own unless told
   * @param maxBytes 4 MiB unless told
   * @throws OciError NOT_FOUND, DIGEST_MISMATCH, MALFORMED, ...
   */
  async getManifest(
    ref: ImageReference,
    target: string = ref.target,
    maxBytes = MAX_MANIFEST_BYTES,
  ): Promise<Manifest> {
    assertTarget(target);
    const what = `manifest ${ref.repository}${target.includes(':') ? '@' : ':'}${target}`;
    const headers = { accept: MANIFEST_MEDIA_TYPES.join(', ') };
    const url = this.#transport.url(ref, `manifests/${target}`);
    const answer = await this.#transport.send(ref, { method: 'GET', url, headers, maxBytes }, 'pull');
    assertStatus(answer, [200], ref, what);
    const claimed = answer.headers.get('docker-content-digest');
    for (const want of [
      isDigest(target) ? target : undefined,
      claimed === null || !isDigest(claimed) ? undefined : claimed,
    ]) {
      if (want !== undefined) assertDigest(answer.bytes, want, `${what} at ${ref.registry}`);
    }
    const manifest = parseManifest(answer.bytes, answer.headers.get('content-type'), ref.registry);
    const etag = answer.headers.get('etag') ?? '';
    return ETAG.test(etag) ? { ...manifest, etag } : manifest;
  }

  /** The same, undefined when the registry has no such manifest. @throws OciError */
  async findManifest(ref: ImageReference, target: string): Promise<Manifest | undefined> {
    try {
      return await this.getManifest(ref, target);
    } catch (error) {
      if (error instanceof OciError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  /**
   * One page of the manifests that declare `digest` as their subject (distribution-spec, "Listing Referrers").
   *
   * @param page the first unless told
   * @returns undefined when the registry has no such API
   */
  async getReferrers(ref: ImageReference, digest: string, page?: URL): Promise<ReferrersPage | undefined> {
    const url = page ?? this.#transport.url(ref, `referrers/${parseDigest(digest)}`);
    const headers = { accept: OCI_INDEX };
    const answer = await this.#transport.send(
      ref,
      { method: 'GET', url, headers, maxBytes: MAX_MANIFEST_BYTES },
      'pull',
    );
    if (NO_SUCH_API.includes(answer.status)) return undefined;
    assertStatus(answer, [200], ref, `referrers of ${digest}`);
    const contentType = answer.headers.get('content-type');
    // What answers with a page for people knows nothing of referrers.
    if (mediaTypeOf(contentType) !== OCI_INDEX) return undefined;
    const index = parseManifest(answer.bytes, contentType, ref.registry);
    return { index, next: nextPage(answer, this.#transport.url(ref, ''), ref.registry) };
  }

  /** Whether the registry lists referrers itself; asked once for each repository that has such a list. */
  async hasReferrersApi(ref: ImageReference, digest: string): Promise<boolean> {
    if (this.#listing.has(ref.name)) return true;
    const hasApi = (await this.getReferrers(ref, digest)) !== undefined;
    if (hasApi) this.#listing.add(ref.name);
    return hasApi;
  }

  /**
   * A blob whose content is known to match its digest.
   *
   * @throws OciError TOO_LARGE beyond `maxBytes`, NOT_FOUND, DIGEST_MISMATCH, ...
   */
  async getBlob(ref: ImageReference, digest: string, maxBytes: number): Promise<Uint8Array> {
    const url = this.#transport.url(ref, `blobs/${parseDigest(digest)}`);
    const answer = await this.#transport.send(ref, { method: 'GET', url, headers: {}, maxBytes }, 'pull');
    assertStatus(answer, [200], ref, `blob ${digest}`);
    assertDigest(answer.bytes, digest, `blob at ${ref.registry}`);
    return answer.bytes;
  }

  async hasBlob(ref: ImageReference, digest: string): Promise<boolean> {
    const url = this.#transport.url(ref, `blobs/${parseDigest(digest)}`);
    const answer = await this.#transport.send(ref, { method: 'HEAD', url, headers: {}, maxBytes: 0 }, 'pull');
    if (answer.status === 404) return false;
    assertStatus(answer, [200], ref, `blob ${digest}`);
    return true;
  }

  /** The same as it comes, ending with an error unless it is all of what the descriptor announces. */
  async openBlob(ref: ImageReference, blob: Sized): Promise<AsyncIterable<Uint8Array>> {
    const { digest, size } = blob;
    const url = this.#transport.url(ref, `blobs/${parseDigest(digest)}`);
    const request = { method: 'GET', url, headers: {}, maxBytes: size, streams: true } as const;
    const answer = await this.#transport.send(ref, request, 'pull');
    assertStatus(answer, [200], ref, `blob ${digest}`);
    return verified(answer.chunks ?? none(), blob, `blob at ${ref.registry}`);
  }

  /** Uploads bytes unless they are there already. @returns their digest */
  async pushBlob(ref: ImageReference, bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    if (!(await this.hasBlob(ref, digest))) await this.#uploads.push(ref, digest, bytes);
    return digest;
  }

  /** Uploads what comes, in constant memory. Nothing is kept when `chunks` end with an error. */
  pushStream(ref: ImageReference, digest: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#uploads.stream(ref, parseDigest(digest), chunks);
  }

  /**
   * Asks a registry to take a blob over from another of its repositories.
   *
   * @returns whether it did
   */
  mountBlob(ref: ImageReference, digest: string, from: ImageReference): Promise<boolean> {
    return this.#uploads.mount(ref, parseDigest(digest), from);
  }

  /** Stores a manifest under a tag or its digest. @returns its digest */
  async pushManifest(
    ref: ImageReference,
    target: string,
    mediaType: string,
    bytes: Uint8Array,
  ): Promise<string> {
    return (await this.putManifest(ref, target, mediaType, bytes)).digest;
  }

  /** The same. @returns its digest, and the digest of the subject the registry took note of */
  async putManifest(
    ref: ImageReference,
    target: string,
    mediaType: string,
    bytes: Uint8Array,
  ): Promise<{ digest: string; subject: string | undefined }> {
    const answer = await this.#putManifest(ref, target, { 'content-type': mediaType }, bytes);
    assertStatus(answer, [201], ref, `push of manifest ${ref.repository}:${target}`);
    const stored = answer.headers.get('docker-content-digest');
    if (stored !== null && isDigest(stored))
      assertDigest(bytes, stored, `manifest pushed to ${ref.registry}`);
    return { digest: digestOf(bytes), subject: answer.headers.get('oci-subject') ?? undefined };
  }

  /**
   * Stores a manifest under a tag, unless the registry knows that something else lies there than before.
   *
   * @param before what was read under the tag, undefined for nothing
   * @returns false when nothing was stored; registries without conditional requests always store
   */
  async replaceManifest(
    ref: ImageReference,
    tag: string,
    mediaType: string,
    bytes: Uint8Array,
    before: Manifest | undefined,
  ): Promise<boolean> {
    const unchanged: Record<string, string> =
      before === undefined
        ? { 'if-none-match': '*' }
        : before.etag === undefined
          ? {}
          : { 'if-match': before.etag };
    const answer = await this.#putManifest(ref, tag, { 'content-type': mediaType, ...unchanged }, bytes);
    if (answer.status === 412) return false;
    assertStatus(answer, [201], ref, `push of manifest ${ref.repository}:${tag}`);
    return true;
  }

  /**
   * Deletes a manifest by its digest, with every tag that names it, or a tag alone.
   *
   * @returns false when there was nothing to delete
   * @throws OciError STATUS where the registry does not allow it
   */
  async deleteManifest(ref: ImageReference, target: string): Promise<boolean> {
    assertTarget(target);
    const url = this.#transport.url(ref, `manifests/${target}`);
    const request = { method: 'DELETE', url, headers: {}, maxBytes: 65_536 } as const;
    const answer = await this.#transport.send(ref, request, 'pull,delete');
    if (answer.status === 404) return false;
    assertStatus(answer, [200, 202, 204], ref, `deletion of manifest ${ref.repository}:${target}`);
    return true;
  }

  /**
   * The tags of the reference's repository; none when there is no such repository.
   *
   * @throws OciError TOO_LARGE when there are more than `maxTags`
   */
  async listTags(ref: ImageReference, maxTags = 10_000): Promise<string[]> {
    const tags: string[] = [];
    let url: URL | undefined = this.#transport.url(ref, `tags/list?n=${Math.min(maxTags, 1000)}`);
    while (url !== undefined) {
      const request = { method: 'GET', url, headers: {}, maxBytes: MAX_MANIFEST_BYTES } as const;
      const answer: Answer = await this.#transport.send(ref, request, 'pull');
      if (answer.status === 404) return tags;
      assertStatus(answer, [200], ref, `tags of ${ref.repository}`);
      const page = parseTags(answer.bytes, ref.registry);
      tags.push(...page);
      url = nextPage(answer, this.#transport.url(ref, ''), ref.registry);
      // Pages without tags could go on for ever.
      if (tags.length > maxTags || (page.length === 0 && url !== undefined))
        throw new OciError('TOO_LARGE', `${ref.name} has more tags than the ${maxTags} that are read`);
    }
    return tags;
  }

  async #putManifest(
    ref: ImageReference,
    target: string,
    headers: Readonly<Record<string, string>>,
    bytes: Uint8Array,
  ): Promise<Answer> {
    assertTarget(target);
    if (bytes.length > MAX_MANIFEST_BYTES) {
      throw new OciError(
        'TOO_LARGE',
        `manifest of ${bytes.length} bytes, registries take ${MAX_MANIFEST_BYTES}`,
      );
    }
    const url = this.#transport.url(ref, `manifests/${target}`);
    const request = {
      method: 'PUT',
      url,
      headers,
      body: bytes,
      maxBytes: 65_536,
      repeatable: true,
    } as const;
    return this.#transport.send(ref, request, 'pull,push');
  }
}

// A weak one may not be used in conditions.
const ETAG = /^"[\x21\x23-\x7e]{1,256}"$/;

async function* none(): AsyncGenerator<Uint8Array> {
  // A 200 without a body.
}

function assertTarget(target: string): void {
  if (!isDigest(target) && !isTag(target))
    throw new OciError('REFERENCE', `${quote(target)} is neither a tag nor a digest`);
}

function assertDigest(bytes: Uint8Array, want: string, what: string): void {
  const got = digestOf(bytes);
  if (got !== want) throw new OciError('DIGEST_MISMATCH', `${what} has digest ${got}, want ${want}`);
}
