import {
  OciError,
  parseImageReference,
  readLegacyLayers,
  RegistryClient,
  signatureTag,
  type Fetch,
  type ImageReference,
} from '@sigstead/oci';
import type { RegistryRules } from '@sigstead/registry-access';
import type { TrustedRoot } from '@sigstead/trust';
import {
  entriesWithoutProof,
  legacyCandidate,
  VerificationError,
  verifyImageSignature,
  withInclusionProof,
  withoutInclusionProof,
  type ImageVerdict,
  type Policy,
  type SignatureCandidate,
} from '@sigstead/verification';
import { DEFAULT_TIMEOUTS_MS, type VerifierConfig } from './config.ts';
import type { LogProofs } from './log-proofs.ts';

export interface ImageVerifierParts {
  readonly trustedRoot: TrustedRoot;
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
    const { trustedRoot, rules, registryFetch, clock, config } = this.#parts;
    const ref = parseImageReference(image);
    rules.assertAllowed(ref);
    const deadline = new Deadline(config.verifyTimeoutMs ?? DEFAULT_TIMEOUTS_MS.verify, ref.registry);
    try {
      const client = new RegistryClient({
        fetch: (url, init) => registryFetch(url, { ...init, signal: deadline.join(init.signal) }),
        timeoutMs: config.registryTimeoutMs ?? DEFAULT_TIMEOUTS_MS.registry,
        allowHttp: (host) => rules.allowsHttp(host),
      });
      const { digest } = await client.resolve(ref);
      const found = await this.#candidates(client, ref, digest);
      const signatures: SignatureCandidate[] = [];
      for (const candidate of found) signatures.push(await this.#complete(candidate, deadline.signal));
      const { requireInclusionProof } = config;
      return verifyImageSignature({ image, digest, signatures }, trustedRoot, policy, {
        now: clock(),
        requireInclusionProof,
      });
    } finally {
      deadline.clear();
    }
  }

  /** A registry that answers nonsense where signatures should be is bad evidence; one that does not answer is an error. */
  async #candidates(
    client: RegistryClient,
    ref: ImageReference,
    digest: string,
  ): Promise<SignatureCandidate[]> {
    const tag = signatureTag(digest);
    try {
      const layers = await readLegacyLayers(client, ref, digest);
      return layers.map((layer, at) => {
        const source = `${tag}, layer ${at}`;
        return layer instanceof OciError ? unreadable(source, layer) : legacyCandidate(layer, source);
      });
    } catch (cause) {
      if (!(cause instanceof OciError) || !UNREADABLE.includes(cause.code)) throw cause;
      return [unreadable(tag, cause)];
    }
  }

  /** Only entries whose promise holds are worth a request: anybody can put signatures into a registry. */
  async #complete(candidate: SignatureCandidate, signal: AbortSignal): Promise<SignatureCandidate> {
    if (candidate.evidence instanceof VerificationError) return candidate;
    let evidence = candidate.evidence;
    for (const entry of entriesWithoutProof(evidence, this.#parts.trustedRoot)) {
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

function unreadable(source: string, cause: OciError): SignatureCandidate {
  const message = `the signature cannot be read: ${cause.message}`;
  return { source, evidence: new VerificationError('EVIDENCE_MALFORMED', message, { cause }) };
}

const UNREADABLE: readonly OciError['code'][] = ['MALFORMED', 'TOO_LARGE', 'DIGEST_MISMATCH'];

/** One bound for all a registry may take together: it decides how many signatures there are to read. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, registry: string) {
    const late = new OciError(
      'TIMEOUT',
      `registry ${registry} did not deliver image and signatures within ${ms} ms`,
    );
    this.#timer = setTimeout(() => this.#controller.abort(late), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  join(other: AbortSignal | null | undefined): AbortSignal {
    return other ? AbortSignal.any([other, this.signal]) : this.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
