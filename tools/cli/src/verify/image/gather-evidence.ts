import { joinSignals } from '@sigstead/http';
import {
  completeWithProofs,
  LogProofs,
  readCandidates,
  type ProofSource,
  type WantedEvidence,
} from '@sigstead/image-evidence';
import { OciError, type ImageReference } from '@sigstead/oci';
import {
  VerificationError,
  type ImageEvidence,
  type NamedTrustedRoot,
  type SignatureCandidate,
} from '@sigstead/verification';
import { readBaseUrl } from '../../base-url.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import type { Surroundings } from '../options.ts';
import { fullName, readImageReference } from '../../registry/image-reference.ts';
import { withRegistry, type Registry } from './registry.ts';

export interface GatherOptions extends RegistryOptions {
  readonly offline?: boolean;
  readonly rekorUrl?: string;
  readonly newBundleFormat?: boolean;
  readonly experimentalOci11?: boolean;
}

export interface GatheredImage extends ImageEvidence {
  readonly reference: ImageReference;
  /** Sources whose proof was asked of the log. */
  readonly proved: ReadonlySet<string>;
}

const LOG_TIMEOUT_MS = 5_000;
/** For all proofs of one image: a log that does not answer must not hold up what does without. */
const PROOFS_TIMEOUT_MS = 15_000;

/**
 * Everything there is of an image and its signatures, not judged.
 *
 * @throws CliError noSuchImage when the registry does not have it, failed when it does not answer
 */
export function gatherEvidence(
  image: string,
  wanted: WantedEvidence,
  roots: readonly NamedTrustedRoot[],
  options: GatherOptions,
  { url, environment }: Surroundings,
): Promise<GatheredImage> {
  const reference = readImageReference(image);
  const proofs = options.offline === true ? NOBODY : logProofs(options.rekorUrl ?? url);
  return withRegistry(reference, options, environment, async ({ client, signal, repository }) => {
    const digest = await resolveImage({ client }, reference);
    const candidates = await readCandidates(client, repository, digest, wanted, {
      bundles: options.newBundleFormat,
      referrerLayers: options.experimentalOci11,
    });
    const limit = joinSignals(signal, AbortSignal.timeout(PROOFS_TIMEOUT_MS));
    const signatures = await completeWithProofs(candidates, roots, proofs, limit);
    return {
      reference,
      image: fullName(reference),
      digest,
      signatures,
      proved: new Set(
        signatures.filter((one, at) => gotProof(one, candidates[at])).map(({ source }) => source),
      ),
    };
  });
}

/** @throws CliError noSuchImage; OciError for anything else */
export async function resolveImage(
  { client }: Pick<Registry, 'client'>,
  reference: ImageReference,
): Promise<string> {
  try {
    return (await client.resolve(reference)).digest;
  } catch (cause) {
    if (!(cause instanceof OciError) || cause.code !== 'NOT_FOUND') throw cause;
    throw new CliError(`${reference.toString()}: ${cause.message}`, exitCodes.noSuchImage, { cause });
  }
}

const NOBODY: ProofSource = { find: async () => ({ missing: 'with --offline no log is asked for one' }) };

function logProofs(url: string): ProofSource {
  return new LogProofs({
    baseUrl: readBaseUrl(url),
    fetch: (target, init) => fetch(target, init),
    timeoutMs: LOG_TIMEOUT_MS,
  });
}

function gotProof(after: SignatureCandidate, before: SignatureCandidate | undefined): boolean {
  return hasProofs(after) && before !== undefined && !hasProofs(before);
}

function hasProofs({ evidence }: SignatureCandidate): boolean {
  if (evidence instanceof VerificationError) return false;
  return evidence.logEntries.every(({ inclusionProof }) => inclusionProof !== undefined);
}
