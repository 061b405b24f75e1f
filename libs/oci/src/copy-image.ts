import { OciError } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import { readManifestTree } from './index-children.ts';
import { LEGACY_ATTESTATIONS } from './legacy-attestation.ts';
import {
  billOfMaterialsTag,
  changeLegacyLayers,
  legacyTag,
  rawLayers,
  type LegacyKind,
} from './legacy-layers.ts';
import { LEGACY_SIGNATURES } from './legacy-signature.ts';
import { configOf, layersOf, subjectDigestOf, type Descriptor, type Manifest } from './manifest.ts';
import { IMAGE_MEDIA_TYPES } from './media-types.ts';
import { pushReferrer } from './push-referrer.ts';
import { readDescribedBlob, readDescribedManifest, readItem } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import { listReferrers } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';

/** What is stored beside an image: the three kinds of tags, and whatever refers to it. */
export type Companion = 'signature' | 'attestation' | 'sbom' | 'referrer';

export interface CopyOptions {
  /** What was stored beside the image and its children goes along: all of it, or these kinds of it. */
  readonly signatures?: boolean | readonly Companion[];
  /** Where that is kept, when it is not beside the image. */
  readonly signaturesFrom?: ImageReference;
  /** False: only what was stored beside it. The image itself is there already, or will be. */
  readonly image?: boolean;
  /** Called when a blob or manifest has arrived. */
  readonly onArrival?: (arrival: Arrival) => void;
}

export interface Arrival {
  readonly digest: string;
  /** bytes */
  readonly size: number;
  /** How it came there: it was there before, was taken over from another repository of the registry, or was sent. */
  readonly by: 'presence' | 'mount' | 'transfer';
}

export interface ImageCopy {
  readonly digest: string;
  /** What was stored beside the image and cannot be read; it was left behind, and nothing else. */
  readonly left: readonly OciError[];
}

const COMPANIONS: readonly Companion[] = ['signature', 'attestation', 'sbom', 'referrer'];
const LAYERED = [
  ['signature', LEGACY_SIGNATURES],
  ['attestation', LEGACY_ATTESTATIONS],
] as const;

const MAX_IMAGE_LAYERS = 1024;
/** Of an image with its children, and of what refers to them or to each other. */
const MAX_MANIFESTS = 1024;
/** What is larger is never held in memory. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Their owners do not let them be passed on; clients fetch them from elsewhere. */
const NONDISTRIBUTABLE =
  /^application\/vnd\.(?:docker\.image\.rootfs\.foreign\.|oci\.image\.layer\.nondistributable\.)/;

/**
 * Copies an image, or an index with all its children. Each digest is checked on the way, and the tag comes last: whoever sees
 * the new tag sees all of it, with its signatures. Copying again is safe, and sends only what is missing.
 *
 * @param to tag and digest may be left out: then the image is there by its digest. Should it have one, it must be the image's
 * @throws OciError REFUSED when `to` is another digest, and whatever reading and writing end with
 */
export async function copyImage(
  client: RegistryClient,
  from: ImageReference,
  to: ImageReference,
  options: CopyOptions = {},
): Promise<ImageCopy> {
  const root = await client.getManifest(from);
  if (to.digest !== undefined && to.digest !== root.digest)
    throw new OciError('REFUSED', `${from.toString()} is ${root.digest}, it cannot become ${to.digest}`);
  const onArrival = options.onArrival ?? (() => undefined);
  const copy = new Copy(client, from, to, onArrival);
  const tree = await readManifestTree(client, from, root.digest);
  const { image = true, signatures = false, signaturesFrom = from } = options;
  if (image) for (const manifest of tree) await copy.manifest(manifest);
  const left: OciError[] = [];
  if (signatures !== false) {
    const kinds = new Set(signatures === true ? COMPANIONS : signatures);
    const beside = signaturesFrom === from ? copy : new Copy(client, signaturesFrom, to, onArrival);
    await beside.companions(
      tree.map(({ digest }) => digest),
      kinds,
    );
    left.push(...beside.left);
  }
  if (image && to.tag !== undefined) await client.pushManifest(to, to.tag, root.mediaType, root.bytes);
  return { digest: root.digest, left };
}

class Copy {
  readonly left: OciError[] = [];
  readonly #arrived = new Set<string>();

  constructor(
    private readonly client: RegistryClient,
    private readonly from: ImageReference,
    private readonly to: ImageReference,
    private readonly onArrival: (arrival: Arrival) => void,
  ) {}

  /** A manifest under its digest, after its blobs. What it lists must be there already. */
  async manifest(manifest: Manifest): Promise<void> {
    const { digest, mediaType, bytes } = manifest;
    if (this.#arrived.has(digest)) return;
    await this.#blobs(manifest);
    await this.client.pushManifest(this.to, digest, mediaType, bytes);
    this.#arrive(digest, bytes.length, 'transfer');
  }

  /** What was stored beside manifests, and beside what refers to them. */
  async companions(digests: readonly string[], kinds: ReadonlySet<Companion>): Promise<void> {
    const waiting = [...digests];
    const seen = new Set(digests);
    for (let digest = waiting.shift(); digest !== undefined; digest = waiting.shift()) {
      const subject = digest;
      for (const [kind, layered] of LAYERED)
        if (kinds.has(kind)) await this.#orLeave(() => this.#layers(layered, subject));
      if (kinds.has('sbom')) await this.#orLeave(() => this.#billOfMaterials(subject));
      for (const referrer of kinds.has('referrer') ? await this.#referrers(subject) : []) {
        if (!seen.has(referrer)) waiting.push(referrer);
        seen.add(referrer);
      }
      if (seen.size > MAX_MANIFESTS)
        throw new OciError('TOO_LARGE', `more than ${MAX_MANIFESTS} manifests belong to ${this.from.name}`);
    }
  }

  /** One that cannot be read must not keep the others from going along. */
  async #orLeave<T>(work: () => Promise<T>): Promise<T | undefined> {
    const done = await readItem(work);
    if (!(done instanceof OciError)) return done;
    this.left.push(done);
    return undefined;
  }

  /** Layers that are at the destination already stay there. */
  async #layers(kind: LegacyKind, digest: string): Promise<void> {
    const { client, from, to } = this;
    const tag = legacyTag(kind, digest);
    const source = await client.findManifest(from, tag);
    if (source === undefined) return;
    const layers = rawLayers(source, `${tag} at ${from.registry}`, from.registry);
    const existing = await client.findManifest(to, tag);
    if (existing?.digest === source.digest) return;
    await this.#blobs(source);
    if (existing !== undefined) await changeLegacyLayers(kind, client, to, digest, { add: layers });
    else await client.pushManifest(to, tag, source.mediaType, source.bytes);
    this.#arrive(source.digest, source.bytes.length, 'transfer');
  }

  async #billOfMaterials(digest: string): Promise<void> {
    const tag = billOfMaterialsTag(digest);
    const source = await this.client.findManifest(this.from, tag);
    if (source === undefined) return;
    await this.#blobs(source);
    await this.client.pushManifest(this.to, tag, source.mediaType, source.bytes);
    this.#arrive(source.digest, source.bytes.length, 'transfer');
  }

  /** @returns the digests of what refers to a manifest */
  async #referrers(subject: string): Promise<string[]> {
    const { client, from } = this;
    const { entries } = await listReferrers(client, from, subject);
    const copied: string[] = [];
    for (const entry of entries) {
      await this.#orLeave(async () => {
        if (entry instanceof OciError) throw entry;
        const manifest = await readDescribedManifest(client, from, entry);
        if (subjectDigestOf(manifest) !== subject) return;
        await this.#referrer(subject, manifest);
        copied.push(manifest.digest);
      });
    }
    return copied;
  }

  async #referrer(subject: string, manifest: Manifest): Promise<void> {
    // An index may refer to an image too.
    for (const one of await readManifestTree(this.client, this.from, manifest.digest)) {
      if (one.digest === manifest.digest) await this.#blobs(one);
      else await this.manifest(one);
    }
    await pushReferrer(this.client, this.to, subject, manifest);
    this.#arrive(manifest.digest, manifest.bytes.length, 'transfer');
  }

  async #blobs(manifest: Manifest): Promise<void> {
    if (!IMAGE_MEDIA_TYPES.includes(manifest.mediaType)) return;
    const { registry } = this.from;
    const blobs = [configOf(manifest, registry), ...layersOf(manifest, MAX_IMAGE_LAYERS, registry)];
    const distributable = blobs.filter(({ mediaType }) => !NONDISTRIBUTABLE.test(mediaType));
    const missing = new Map(distributable.map((blob) => [blob.digest, blob]));
    for (const digest of this.#arrived) missing.delete(digest);
    await inParallel([...missing.values()], async (blob) => {
      this.#arrive(blob.digest, blob.size, await this.#blob(blob));
    });
  }

  async #blob(blob: Descriptor): Promise<Arrival['by']> {
    const { client, from, to } = this;
    if (await client.hasBlob(to, blob.digest)) return 'presence';
    if (from.registry === to.registry && (await client.mountBlob(to, blob.digest, from))) return 'mount';
    if (blob.size <= MAX_BUFFERED_BYTES)
      await client.pushBlob(to, await readDescribedBlob(client, from, blob));
    else await client.pushStream(to, blob.digest, await client.openBlob(from, blob));
    return 'transfer';
  }

  #arrive(digest: string, size: number, by: Arrival['by']): void {
    this.#arrived.add(digest);
    this.onArrival({ digest, size, by });
  }
}
