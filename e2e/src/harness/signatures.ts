import { readFile } from 'node:fs/promises';
import { parseBundle } from '@sigstead/bundle';
import {
  OciError,
  parseImageReference,
  readBundleReferrers,
  readLegacyAttestations,
  readLegacySignatures,
  RegistryClient,
  type BundleReferrer,
  type LegacyAttestation,
} from '@sigstead/oci';
import type { TrustedRoot } from '@sigstead/trust';
import {
  bundleCandidate,
  compilePolicy,
  legacyAttestationCandidate,
  legacyCandidate,
  parseArtifactDigest,
  verifyBundle,
  verifySignature,
  type Policy,
  type PolicyInput,
  type SignatureCandidate,
} from '@sigstead/verification';

/** How many signatures of each form lie beside an image, and how many of them all verify. */
export interface Beside {
  readonly sig: number;
  readonly att: number;
  readonly bundles: number;
  readonly verified: number;
}

/** Judges with our own library, apart from the command. */
export class Judge {
  readonly #client = new RegistryClient({ fetch, timeoutMs: 10_000 });
  readonly #trustedRoot: TrustedRoot;

  constructor(trustedRoot: TrustedRoot) {
    this.#trustedRoot = trustedRoot;
  }

  /** What lies beside an image. */
  async beside(image: string, digest: string, signer: PolicyInput): Promise<Beside> {
    const ref = parseImageReference(image);
    const policy = compilePolicy(signer);
    const sig = await readLegacySignatures(this.#client, ref, digest);
    const att = await readLegacyAttestations(this.#client, ref, digest);
    const bundles = await readBundleReferrers(this.#client, ref, digest);
    const candidates: SignatureCandidate[] = [
      ...sig.map((layer) => legacyCandidate(layer, 'sig')),
      ...att.map((layer) => legacyAttestationCandidate(readable<LegacyAttestation>(layer), 'att')),
      ...bundles.map((one) => bundleCandidate(readable<BundleReferrer>(one).bundle, 'bundle')),
    ];
    const verified = candidates.filter((one) => this.#verifies(one, digest, policy)).length;
    return { sig: sig.length, att: att.length, bundles: bundles.length, verified };
  }

  /** Whether the bundle in a file verifies for an artifact. */
  async verifies(path: string, artifact: string, signer: PolicyInput): Promise<boolean> {
    const bundle = parseBundle(await readFile(path, 'utf8'));
    const policy = compilePolicy(signer);
    return verifyBundle(bundle, parseArtifactDigest(artifact), this.#trustedRoot, policy, new Date())
      .verified;
  }

  #verifies(candidate: SignatureCandidate, digest: string, policy: Policy): boolean {
    // The older form has room for the log's promise only.
    const options = { now: new Date(), requireInclusionProof: false };
    return verifySignature(candidate, parseArtifactDigest(digest), this.#trustedRoot, policy, options)
      .verified;
  }
}

function readable<T>(one: T | OciError): T {
  if (one instanceof OciError) throw one;
  return one;
}
