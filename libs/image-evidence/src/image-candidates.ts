import {
  attestationTag,
  listReferrers,
  OciError,
  readBundleReferrers,
  readLegacyAttestations,
  readLegacyLayers,
  readReferrerAttestations,
  readReferrerSignatures,
  signatureTag,
  type ImageReference,
  type LegacyLayer,
  type RegistryClient,
} from '@sigstead/oci';
import {
  bundleCandidate,
  claimedKind,
  legacyAttestationCandidate,
  legacyCandidate,
  VerificationError,
  type SignatureCandidate,
} from '@sigstead/verification';

/** What is looked for beside an image: signatures of it, attestations about it, or everything. */
export type WantedEvidence = 'signature' | 'attestation' | 'all';

/** Which forms are read besides cosign's tags. */
export interface FurtherForms {
  /** Bundles that refer to the image; true unless told. */
  readonly bundles?: boolean | undefined;
  /** The layers of cosign's tags in manifests that refer to the image, as it once tried out; false unless told. */
  readonly referrerLayers?: boolean | undefined;
}

/**
 * Everything that is stored beside an image in one of the forms there are: cosign's tags `.sig` and `.att`, and bundles that refer to it.
 * What claims to be of the other kind than the wanted one is left out; what cannot be read is in the list with its reason.
 *
 * @throws OciError when the registry does not answer
 */
export async function readCandidates(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
  wanted: WantedEvidence,
  { bundles = true, referrerLayers = false }: FurtherForms = {},
): Promise<SignatureCandidate[]> {
  const place: Place = [client, ref, digest];
  const [wantsSignatures, wantsAttestations] = [wanted !== 'attestation', wanted !== 'signature'];
  const lists = await Promise.all([
    bundles ? readBundles(...place) : [],
    wantsSignatures ? readLayers(SIGNATURES, signatureTag(digest), place) : [],
    wantsAttestations ? readLayers(ATTESTATIONS, attestationTag(digest), place) : [],
    wantsSignatures && referrerLayers ? readLayers(REFERRER_SIGNATURES, 'signature referrers', place) : [],
    wantsAttestations && referrerLayers
      ? readLayers(REFERRER_ATTESTATIONS, 'attestation referrers', place)
      : [],
  ]);
  return lists.flat().filter((candidate) => {
    const kind = claimedKind(candidate);
    return wanted === 'all' || kind === 'unknown' || kind === wanted;
  });
}

/**
 * What lies beside an image right now, as names of content: as long as they are the same, so is all that can be read there. It takes lists
 * and no signature.
 *
 * @throws OciError when the registry does not answer, or answers nonsense
 */
export async function nameEvidence(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
  wanted: WantedEvidence,
): Promise<string[]> {
  const tags = [
    ...(wanted === 'attestation' ? [] : [signatureTag(digest)]),
    ...(wanted === 'signature' ? [] : [attestationTag(digest)]),
  ];
  const [manifests, referrers] = await Promise.all([
    Promise.all(tags.map((tag) => client.findManifest(ref, tag))),
    listReferrers(client, ref, digest),
  ]);
  return [
    ...manifests.map((manifest) => manifest?.digest ?? ''),
    ...referrers.entries.map((entry) => (entry instanceof OciError ? entry.message : entry.digest)),
  ];
}

type Place = readonly [client: RegistryClient, ref: ImageReference, digest: string];

/** One kind of layers: where they are read, and what each is. */
interface LayerKind {
  read(...place: Place): Promise<(LegacyLayer | OciError)[]>;
  candidate(layer: LegacyLayer, source: string): SignatureCandidate;
}

const SIGNATURES: LayerKind = { read: readLegacyLayers, candidate: legacyCandidate };
const ATTESTATIONS: LayerKind = { read: readLegacyAttestations, candidate: legacyAttestationCandidate };
const REFERRER_SIGNATURES: LayerKind = { ...SIGNATURES, read: readReferrerSignatures };
const REFERRER_ATTESTATIONS: LayerKind = { ...ATTESTATIONS, read: readReferrerAttestations };

function readLayers(kind: LayerKind, place: string, where: Place): Promise<SignatureCandidate[]> {
  return readable(place, async () =>
    (await kind.read(...where)).map((layer, at) => {
      const source = `${place}, layer ${at}`;
      return layer instanceof OciError ? unreadable(source, layer) : kind.candidate(layer, source);
    }),
  );
}

function readBundles(
  client: RegistryClient,
  ref: ImageReference,
  digest: string,
): Promise<SignatureCandidate[]> {
  return readable('referrers', async () =>
    (await readBundleReferrers(client, ref, digest)).map((bundle, at) =>
      bundle instanceof OciError
        ? unreadable(`referrer ${at}`, bundle)
        : bundleCandidate(bundle.bundle, `referrer ${bundle.source}`),
    ),
  );
}

/** A registry that answers nonsense where signatures should be is bad evidence; one that does not answer is an error. */
async function readable(
  source: string,
  read: () => Promise<SignatureCandidate[]>,
): Promise<SignatureCandidate[]> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof OciError) || !UNREADABLE.includes(cause.code)) throw cause;
    return [unreadable(source, cause)];
  }
}

function unreadable(source: string, cause: OciError): SignatureCandidate {
  const message = `the signature cannot be read: ${cause.message}`;
  return { source, evidence: new VerificationError('EVIDENCE_MALFORMED', message, { cause }) };
}

const UNREADABLE: readonly OciError['code'][] = ['MALFORMED', 'TOO_LARGE', 'DIGEST_MISMATCH'];
