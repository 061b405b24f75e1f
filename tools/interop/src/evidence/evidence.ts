import type { Artifact, Form } from '../interop-case.ts';
import {
  digestTag,
  readBlob,
  readManifest,
  readReferrers,
  writeBlob,
  writeManifest,
  type ImageLocation,
  type Manifest,
} from './registry.ts';

/** A Sigstore bundle, as far as it is looked into here. */
export interface BundleJson {
  readonly mediaType: string;
  readonly verificationMaterial: {
    readonly tlogEntries: readonly LogEntryJson[];
    readonly [field: string]: unknown;
  };
  readonly messageSignature?: { readonly signature: string; readonly [field: string]: unknown };
  readonly dsseEnvelope?: EnvelopeJson;
}

export interface LogEntryJson {
  readonly canonicalizedBody: string;
  /** Not in version 0.1. */
  readonly inclusionProof?: {
    readonly checkpoint: { readonly envelope: string };
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface EnvelopeJson {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: string }[];
}

/** A signature in the one form or the other. */
export type Signature = BundleSignature | LegacySignature;

export interface BundleSignature {
  readonly form: 'bundle';
  readonly bundle: BundleJson;
}

/** A layer of cosign's older form: everything but the payload is in its annotations. */
export interface LegacySignature {
  readonly form: 'legacy';
  readonly annotations: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** The one signature beside an image, and the manifest it is kept in. */
export interface Evidence {
  readonly manifest: Manifest;
  readonly signature: Signature;
}

const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle/;

/** Annotations of cosign's older form. */
export const SIGNATURE = 'dev.cosignproject.cosign/signature';
export const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
export const CERTIFICATE = 'dev.sigstore.cosign/certificate';

/** @throws Error unless there is exactly one signature of that form */
export async function readEvidence(image: ImageLocation, artifact: Artifact, form: Form): Promise<Evidence> {
  return form === 'legacy' ? readLegacy(image, artifact) : readBundle(image);
}

/** Puts it beside an image, which may be another than the one it was found at. */
export async function writeEvidence(
  image: ImageLocation,
  artifact: Artifact,
  { manifest, signature }: Evidence,
): Promise<void> {
  const mediaType = manifest.layers[0]?.mediaType ?? '';
  // Nobody reads it, but it must be there.
  const config = await writeBlob(image, manifest.config.mediaType, Buffer.from('{}'));
  if (signature.form === 'legacy') {
    const layer = await writeBlob(image, mediaType, signature.payload);
    const layers = [{ ...layer, annotations: signature.annotations }];
    await writeManifest(image, { ...manifest, config, layers }, legacyTag(image, artifact));
  } else {
    const layers = [await writeBlob(image, mediaType, Buffer.from(JSON.stringify(signature.bundle)))];
    await writeManifest(image, { ...manifest, config, layers, subject: await readSubject(image) });
  }
}

async function readBundle(image: ImageLocation): Promise<Evidence> {
  const found: Evidence[] = [];
  for (const { digest } of await readReferrers(image)) {
    const manifest = await readManifest(image, digest);
    const layer = only(manifest.layers, 'layers of a referrer');
    if (!BUNDLE_TYPE.test(layer.mediaType)) continue;
    const bundle = JSON.parse((await readBlob(image, layer.digest)).toString()) as BundleJson;
    found.push({ manifest, signature: { form: 'bundle', bundle } });
  }
  return only(found, 'bundles beside the image');
}

async function readLegacy(image: ImageLocation, artifact: Artifact): Promise<Evidence> {
  const manifest = await readManifest(image, legacyTag(image, artifact));
  const layer = only(manifest.layers, 'signatures beside the image');
  const payload = await readBlob(image, layer.digest);
  return { manifest, signature: { form: 'legacy', annotations: layer.annotations ?? {}, payload } };
}

export function legacyTag(image: ImageLocation, artifact: Artifact): string {
  return `${digestTag(image)}.${artifact === 'image' ? 'sig' : 'att'}`;
}

/** What a manifest with a subject has to say of it. */
async function readSubject(image: ImageLocation): Promise<NonNullable<Manifest['subject']>> {
  const url = `${image.registry}/v2/${image.repository}/manifests/${image.digest}`;
  const answer = await fetch(url, { headers: { accept: '*/*' } });
  const bytes = await answer.arrayBuffer();
  const { mediaType } = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
  return { mediaType, digest: image.digest, size: bytes.byteLength };
}

function only<T>(items: readonly T[], what: string): T {
  const [item, ...others] = items;
  if (item === undefined || others.length > 0) throw new Error(`${items.length} ${what}, want one`);
  return item;
}
