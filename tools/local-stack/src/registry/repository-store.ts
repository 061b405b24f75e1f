import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@sigstead/encoding';
import { isTag } from '@sigstead/oci';
import { unlessMissing, type BlobStore } from './blob-store.ts';
import { digestBytes, parseContentDigest, type ContentDigest } from './content-digest.ts';
import { parseManifestDocument, type ManifestDocument } from './manifest-document.ts';
import { RegistryError } from './registry-error.ts';

export interface StoredManifest {
  readonly digest: ContentDigest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/**
 * What belongs to a repository, as small files below `repositories/<name>/`: `_blobs`, `_manifests` (holding the media
 * type), `_tags` (holding a digest) and `_referrers/<subject>`. No component of a name starts with an underscore, so
 * `a/b` and the files of `a` cannot meet. Names and digests have passed their grammar before they get here.
 */
export class RepositoryStore {
  readonly #directory: string;
  readonly #blobs: BlobStore;

  constructor(directory: string, blobs: BlobStore) {
    this.#directory = join(directory, 'repositories');
    this.#blobs = blobs;
  }

  async linkBlob(repository: string, digest: ContentDigest): Promise<void> {
    await this.#blobs.replace(this.#path(repository, '_blobs', fileName(digest)), '');
  }

  /** Size of a blob of this repository. @throws RegistryError BLOB_UNKNOWN */
  async blobSize(repository: string, digest: ContentDigest): Promise<number> {
    const linked = await unlessMissing(() => stat(this.#path(repository, '_blobs', fileName(digest))));
    const size = linked === undefined ? undefined : await this.#blobs.size(digest);
    if (size === undefined)
      throw new RegistryError('BLOB_UNKNOWN', `blob ${digest.text} is not in repository ${repository}`);
    return size;
  }

  async hasBlob(repository: string, digest: ContentDigest): Promise<boolean> {
    return (
      (await unlessMissing(() => stat(this.#path(repository, '_blobs', fileName(digest))))) !== undefined
    );
  }

  async unlinkBlob(repository: string, digest: ContentDigest): Promise<void> {
    await this.blobSize(repository, digest);
    await rm(this.#path(repository, '_blobs', fileName(digest)), { force: true });
  }

  /**
   * Stores a manifest whose parts are all here, under its digest and, when `target` is one, a tag. Parts first, tag last:
   * a crash in between leaves a manifest without a tag.
   *
   * @throws RegistryError MANIFEST_INVALID, DIGEST_INVALID, MANIFEST_BLOB_UNKNOWN
   */
  async putManifest(
    repository: string,
    target: string,
    contentType: string,
    bytes: Uint8Array,
  ): Promise<{ digest: ContentDigest; subject: ContentDigest | undefined }> {
    const wanted = isTag(target) ? undefined : parseContentDigest(target);
    const digest = digestBytes(wanted?.algorithm ?? 'sha256', bytes);
    if (wanted !== undefined && wanted.text !== digest.text) {
      throw new RegistryError('DIGEST_INVALID', `manifest has digest ${digest.text}, want ${wanted.text}`);
    }
    const document = parseManifestDocument(bytes, contentType);
    await this.#assertParts(repository, document);
    await this.#blobs.put(digest, bytes);
    await this.#blobs.replace(this.#path(repository, '_manifests', fileName(digest)), document.mediaType);
    if (document.subject !== undefined) {
      const entry = JSON.stringify(referrerDescriptor(digest, bytes.length, document));
      await this.#blobs.replace(
        this.#path(repository, '_referrers', fileName(document.subject), fileName(digest)),
        entry,
      );
    }
    if (wanted === undefined) await this.#blobs.replace(this.#path(repository, '_tags', target), digest.text);
    return { digest, subject: document.subject };
  }

  /** @param target tag or digest @throws RegistryError MANIFEST_UNKNOWN */
  async getManifest(repository: string, target: string): Promise<StoredManifest> {
    const unknown = () =>
      new RegistryError('MANIFEST_UNKNOWN', `manifest ${target} is not in repository ${repository}`);
    const text = isTag(target)
      ? await unlessMissing(() => readFile(this.#path(repository, '_tags', target), 'utf8'))
      : target;
    if (text === undefined) throw unknown();
    const digest = parseContentDigest(text);
    const mediaType = await unlessMissing(() =>
      readFile(this.#path(repository, '_manifests', fileName(digest)), 'utf8'),
    );
    const bytes = mediaType === undefined ? undefined : await this.#blobs.read(digest);
    if (mediaType === undefined || bytes === undefined) throw unknown();
    return { digest, mediaType, bytes };
  }

  /** Removes a tag, or a manifest with every tag on it. @throws RegistryError MANIFEST_UNKNOWN */
  async deleteManifest(repository: string, target: string): Promise<void> {
    const { digest, bytes, mediaType } = await this.getManifest(repository, target);
    if (isTag(target)) return rm(this.#path(repository, '_tags', target), { force: true });
    for (const tag of (await this.#list(repository, '_tags')) ?? []) {
      const at = await unlessMissing(() => readFile(this.#path(repository, '_tags', tag), 'utf8'));
      if (at === digest.text) await rm(this.#path(repository, '_tags', tag), { force: true });
    }
    const { subject } = parseManifestDocument(bytes, mediaType);
    if (subject !== undefined) {
      await rm(this.#path(repository, '_referrers', fileName(subject), fileName(digest)), { force: true });
    }
    await rm(this.#path(repository, '_manifests', fileName(digest)), { force: true });
  }

  /** In the order of the specification, by code point. @throws RegistryError NAME_UNKNOWN */
  async tags(repository: string): Promise<string[]> {
    const known = (await this.#list(repository, '_manifests')) ?? (await this.#list(repository, '_blobs'));
    if (known === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no repository ${repository}`);
    return ((await this.#list(repository, '_tags')) ?? []).sort();
  }

  /** Descriptors of the manifests that name `subject`, whether or not it is here itself. */
  async referrers(repository: string, subject: ContentDigest): Promise<JsonObject[]> {
    const names = (await this.#list(repository, '_referrers', fileName(subject))) ?? [];
    const entries = await Promise.all(
      names
        .sort()
        .map((name) =>
          unlessMissing(() =>
            readFile(this.#path(repository, '_referrers', fileName(subject), name), 'utf8'),
          ),
        ),
    );
    return entries.filter((entry) => entry !== undefined).map((entry) => JSON.parse(entry) as JsonObject);
  }

  async #assertParts(repository: string, { blobs, manifests }: ManifestDocument): Promise<void> {
    for (const blob of blobs) {
      if (await this.hasBlob(repository, blob)) continue;
      throw new RegistryError(
        'MANIFEST_BLOB_UNKNOWN',
        `blob ${blob.text} is not in repository ${repository}, push it first`,
      );
    }
    for (const manifest of manifests) {
      if (
        (await unlessMissing(() => stat(this.#path(repository, '_manifests', fileName(manifest))))) !==
        undefined
      )
        continue;
      throw new RegistryError(
        'MANIFEST_BLOB_UNKNOWN',
        `manifest ${manifest.text} is not in repository ${repository}, push it first`,
      );
    }
  }

  async #list(repository: string, ...parts: string[]): Promise<string[] | undefined> {
    return unlessMissing(() => readdir(this.#path(repository, ...parts)));
  }

  #path(repository: string, ...parts: string[]): string {
    return join(this.#directory, repository, ...parts);
  }
}

function fileName({ algorithm, hex }: ContentDigest): string {
  return `${algorithm}-${hex}`;
}

function referrerDescriptor(digest: ContentDigest, size: number, document: ManifestDocument): JsonObject {
  return {
    mediaType: document.mediaType,
    digest: digest.text,
    size,
    ...(document.artifactType === undefined ? {} : { artifactType: document.artifactType }),
    ...(document.annotations === undefined ? {} : { annotations: document.annotations }),
  };
}
