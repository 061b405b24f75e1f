import { OciError, parseImageReference, RegistryClient, type Fetch } from '@sigstead/oci';
import type { RegistryRules } from '@sigstead/registry-access';
import {
  entriesWithoutProof,
  requireImageSignature,
  VerificationError,
  verifyImagePolicy,
  verifyImageSignature,
  withInclusionProof,
  withoutInclusionProof,
  type ImageEvidence,
  type ImagePolicy,
  type ImageVerdict,
  type Policy,
  type PolicyVerdict,
  type SignatureCandidate,
  type VerificationOptions,
} from '@sigstead/verification';
import { DEFAULT_TIMEOUTS_MS, type VerifierConfig } from './config.ts';
import { readCandidates, type WantedEvidence } from './image-candidates.ts';
import type { LogProofs } from './log-proofs.ts';
import type { VerifierTrust } from './verifier-trust.ts';

export interface ImageVerifierParts {
  readonly trust: VerifierTrust;
  readonly rules: RegistryRules;
  /** Towards registries, under the rules. */
  readonly registryFetch: Fetch;
  /** Absent: proofs are not fetched. */
  readonly proofs: LogProofs | undefined;
  readonly clock: () => Date;
  readonly config: Pick<VerifierConfig, 'requireInclusionProof' | 'registryTimeoutMs' | 'verifyTimeoutMs'>;
}

/** Reads an image and its signatures from a registry, completes them with proofs of the log, and has them judged. */
export class ImageVerifier {
  readonly #parts: ImageVerifierParts;

  constructor(parts: ImageVerifierParts) {
    this.#parts = parts;
  }

  /**
   * @param image `host/repository[:tag][@digest]`
   * @throws OciError when the image cannot be read; what is wrong with its signatures is in the verdict
   */
  async verify(image: string, policy: Policy): Promise<ImageVerdict> {
    const wanted = asksForAttestation(policy) ? 'attestation' : 'signature';
    const evidence = await this.collect(image, wanted);
    // An attestation says something about an image; only a signature stands for it.
    const strict = requireImageSignature(policy);
    return verifyImageSignature(evidence, this.#parts.trust.roots(), strict, this.#options());
  }

  /** Judges what was collected of an image by a policy about images. */
  judge(evidence: ImageEvidence, policy: ImagePolicy): PolicyVerdict {
    return verifyImagePolicy(evidence, this.#parts.trust.namedRoots(), policy, this.#options());
  }

  /**
   * Everything there is of an image and its signatures, not judged.
   *
   * @param wanted what is looked for
   * @param signal gives up
   * @throws OciError when the image cannot be read, or the reason of the signal
   */
  async collect(image: string, wanted: WantedEvidence, signal?: AbortSignal): Promise<ImageEvidence> {
    const { rules, registryFetch, config } = this.#parts;
    const ref = parseImageReference(image);
    rules.assertAllowed(ref);
    const deadline = new Deadline(config.verifyTimeoutMs ?? DEFAULT_TIMEOUTS_MS.verify, ref.registry, signal);
    try {
      const client = new RegistryClient({
        fetch: (url, init) => registryFetch(url, { ...init, signal: deadline.join(init.signal) }),
        timeoutMs: config.registryTimeoutMs ?? DEFAULT_TIMEOUTS_MS.registry,
        allowHttp: (host) => rules.allowsHttp(host),
      });
      const { digest } = await client.resolve(ref);
      const found = await readCandidates(client, ref, digest, wanted);
      const signatures: SignatureCandidate[] = [];
      for (const candidate of found) signatures.push(await this.#complete(candidate, deadline.signal));
      return { image, digest, signatures };
    } finally {
      deadline.clear();
    }
  }

  #options(): VerificationOptions {
    const { clock, config, trust } = this.#parts;
    return {
      now: clock(),
      requireInclusionProof: config.requireInclusionProof,
      revocations: trust.revocations(),
    };
  }

  /** Only entries whose promise holds are worth a request: anybody can put signatures into a registry. */
  async #complete(candidate: SignatureCandidate, signal: AbortSignal): Promise<SignatureCandidate> {
    if (candidate.evidence instanceof VerificationError) return candidate;
    let evidence = candidate.evidence;
    for (const entry of entriesWithoutProof(evidence, this.#parts.trust.roots())) {
      const answer = (await this.#parts.proofs?.find(entry, signal)) ?? {
        missing: 'no log is configured to ask for one',
      };
      evidence =
        'proof' in answer
          ? withInclusionProof(evidence, entry, answer.proof)
          : withoutInclusionProof(evidence, answer.missing);
    }
    return { ...candidate, evidence };
  }
}

/** A policy that names types of statements means attestations of these; any other means signatures of the image itself. */
function asksForAttestation({ rules }: Policy): boolean {
  return rules.some(({ field }) => field === 'predicateType');
}

/** One bound for all a registry may take together: it decides how many signatures there are to read. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;

  constructor(ms: number, registry: string, outer: AbortSignal | undefined) {
    this.#outer = outer;
    const late = new OciError(
      'TIMEOUT',
      `registry ${registry} did not deliver image and signatures within ${ms} ms`,
    );
    this.#timer = setTimeout(() => this.#controller.abort(late), ms);
  }

  get signal(): AbortSignal {
    const { signal } = this.#controller;
    return this.#outer === undefined ? signal : AbortSignal.any([signal, this.#outer]);
  }

  join(other: AbortSignal | null | undefined): AbortSignal {
    return other ? AbortSignal.any([other, this.signal]) : this.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
