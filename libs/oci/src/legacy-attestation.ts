import type { OciError } from './errors.ts';
import {
  appendLegacyLayer,
  legacyTag,
  readLegacyLayersOf,
  type LegacyKind,
  type LegacyLayer,
  type StoredLayer,
} from './legacy-layers.ts';
import { DSSE_ENVELOPE } from './media-types.ts';
import type { ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** One layer of an `.att` manifest: a DSSE envelope as JSON, and its proofs as annotations. */
export type LegacyAttestation = LegacyLayer;

/** Attestations hold whole bills of materials. */
export const LEGACY_ATTESTATIONS: LegacyKind = {
  suffix: 'att',
  mediaType: DSSE_ENVELOPE,
  noun: 'attestations',
  maxPayloadBytes: 16 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
};

const PREDICATE_TYPE = 'predicateType';
/** The signature of an attestation is inside its envelope; cosign writes the annotation all the same. */
const SIGNATURE = 'dev.cosignproject.cosign/signature';

/** The tag under which the attestations of an image lie: `sha256-<hex>.att`. @throws OciError REFERENCE */
export function attestationTag(imageDigest: string): string {
  return legacyTag(LEGACY_ATTESTATIONS, imageDigest);
}

/**
 * The attestations stored beside an image, oldest first and each by itself: one that cannot be read is in the list as its
 * error, and hides no other. None when the tag is missing.
 *
 * @throws OciError when there is no list of layers, it is too long, or the registry does not answer
 */
export function readLegacyAttestations(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
): Promise<(LegacyAttestation | OciError)[]> {
  return readLegacyLayersOf(LEGACY_ATTESTATIONS, client, ref, imageDigest);
}

export interface AttestationPlace {
  /** Of the statement inside; readers filter by it. */
  readonly predicateType: string;
  /** Whether it takes the place of every attestation that is annotated with this predicate type. */
  readonly replace?: boolean;
}

/**
 * Adds an attestation to those of an image. A crash leaves unreferenced blobs at most, never half an attestation.
 *
 * @param attestation its annotations are the proofs (certificate, chain, bundle, timestamp); the others are added here
 * @returns tag and digest of the manifest that holds the attestation
 * @throws OciError CONFLICT when other writers keep replacing the manifest, TOO_LARGE when it is full, ...
 */
export function appendLegacyAttestation(
  client: RegistryClient,
  ref: ImageReference,
  imageDigest: string,
  { payload, annotations }: LegacyAttestation,
  { predicateType, replace = false }: AttestationPlace,
): Promise<StoredLayer> {
  const layer = {
    payload,
    annotations: { ...annotations, [SIGNATURE]: '', [PREDICATE_TYPE]: predicateType },
  };
  const isReplaced = (others: Readonly<Record<string, string>>) =>
    replace && others[PREDICATE_TYPE] === predicateType;
  return appendLegacyLayer(LEGACY_ATTESTATIONS, client, ref, imageDigest, layer, isReplaced);
}
