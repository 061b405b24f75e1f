import { isJsonObject } from '@sigstead/encoding';
import { OciError } from './errors.ts';
import { LEGACY_ATTESTATIONS, type LegacyAttestation } from './legacy-attestation.ts';
import { readLayersOf, type LegacyKind, type LegacyLayer } from './legacy-layers.ts';
import { LEGACY_SIGNATURES, type LegacySignature } from './legacy-signature.ts';
import { subjectDigestOf, type Descriptor, type Manifest } from './manifest.ts';
import { IMAGE_MEDIA_TYPES } from './media-types.ts';
import { Budget, readItems } from './read-item.ts';
import type { ImageReference } from './reference.ts';
import { openReferrers, REFERRER_LIMITS } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';

const SIGNATURES = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const ATTESTATIONS = 'application/vnd.in-toto+json';

/**
 * Signatures in cosign's experimental form: layers as under a `.sig` tag, in a manifest that refers to the image. What cannot be
 * read is in the list as its error.
 *
 * @throws OciError when the registry does not answer
 */
export function readReferrerSignatures(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacySignature | OciError)[]> {
  return readReferrerLayers(LEGACY_SIGNATURES, SIGNATURES, client, ref, imageDigest);
}

/** Attestations in the same form: layers as under an `.att` tag. @throws OciError when the registry does not answer */
export function readReferrerAttestations(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacyAttestation | OciError)[]> {
  return readReferrerLayers(LEGACY_ATTESTATIONS, ATTESTATIONS, client, ref, imageDigest);
}

async function readReferrerLayers(
  kind: LegacyKind,
  artifactType: string,
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacyLayer | OciError)[]> {
  const budget = new Budget(kind.maxTotalBytes, `referrers at ${ref.registry}`);
  const isAnnounced = (entry: Descriptor) => entry.artifactType === artifactType;
  const opened = await openReferrers(client, ref, imageDigest, REFERRER_LIMITS, budget, isAnnounced);
  const manifests = opened.manifests.filter(
    (one) => one instanceof OciError || (isOfType(one, artifactType) && subjectDigestOf(one) === imageDigest),
  );
  const layers = await readItems(manifests, (manifest) => readLayersOf(kind, client, ref, manifest, budget));
  return layers.flat();
}

function isOfType({ mediaType, json }: Manifest, artifactType: string): boolean {
  const config = isJsonObject(json['config']) ? json['config']['mediaType'] : undefined;
  return IMAGE_MEDIA_TYPES.includes(mediaType) && [json['artifactType'], config].includes(artifactType);
}
