import { joinSignals } from '@sigstead/http';
import {
  completeWithProofs,
  nameEvidence,
  readCandidates,
  type ProofSource,
  type WantedEvidence,
} from '@sigstead/image-evidence';
import {
  OciError,
  parseImageReference,
  RegistryClient,
  type CredentialSource,
  type Fetch,
} from '@sigstead/oci';
import type { RegistryRules } from '@sigstead/registry-access';
import {
  requireImageSignature,
  verifyImagePolicy,
  verifyImageSignature,
  type ImageEvidence,
  type ImagePolicy,
  type ImageVerdict,
  type Policy,
  type PolicyVerdict,
  type SignatureCandidate,
  type VerificationOptions,
} from '@sigstead/verification';
import { DEFAULT_TIMEOUTS_MS, type VerifierConfig } from './config.ts';
import type { VerdictCache } from './verdicts/verdict-cache.ts';
import type { VerdictMetrics } from './verdicts/verdict-metrics.ts';
import type { VerifierTrust } from './verifier-trust.ts';

export interface ImageVerifierParts {
  readonly trust: VerifierTrust;
  readonly rules: RegistryRules;
  /** Towards registries, under the rules. */
  readonly registryFetch: Fetch;
  /** Absent: registries are asked as anybody. */
  readonly credentials: CredentialSource | undefined;
  /** Absent: proofs are not fetched. */
  readonly proofs: ProofSource | undefined;
  readonly clock: () => Date;
  readonly cache: VerdictCache<ImageVerdict>;
  readonly policyCache: VerdictCache<PolicyVerdict>;
  readonly metrics: VerdictMetrics;
  readonly config: Pick<VerifierConfig, 'requireInclusionProof' | 'registryTimeoutMs' | 'verifyTimeoutMs'>;
}

/** A policy about images, with a key that is equal for equal policies. */
export interface KeyedPolicy {
  readonly key: string;
  readonly policy: ImagePolicy;
}

/** An image as a registry has it right now. */
interface VisitedImage {
  readonly digest: string;
  /** Names of what can be read, for a cache; undefined when nothing can be said of it. */
  names(wanted: WantedEvidence): Promise<readonly string[] | undefined>;
  read(wanted: WantedEvidence): Promise<SignatureCandidate[]>;
}

/** Reads an image and its signatures from a registry, completes them with proofs of the log, and has them judged. */
export class ImageVerifier {
  readonly #parts: ImageVerifierParts;

  constructor(parts: ImageVerifierParts) {
    this.#parts = parts;
  }

  /**
   * @param image `host/repository[:tag][@digest]`
   * @param policyKey equal for equal policies
   * @returns the verdict, and whether it was at hand: what a tag stands for and what lies beside it is asked each time
   * @throws OciError when the image cannot be read; what is wrong with its signatures is in the verdict. TrustAccessError when it is not
   * known what is revoked
   */
  async verify(
    image: string,
    policy: Policy,
    policyKey: string,
  ): Promise<{ readonly verdict: ImageVerdict; readonly cached: boolean }> {
    const { trust, cache, metrics } = this.#parts;
    // Also for what is at hand: a list of revocations that is not fresh any more may be in its way.
    this.#options();
    const wanted = asksForAttestation(policy) ? 'attestation' : 'signature';
    // An attestation says something about an image; only a signature stands for it.
    const strict = requireImageSignature(policy);
    const found = await this.#visit(image, undefined, async ({ digest, names, read }) => {
      const judge = async (): Promise<ImageVerdict> => {
        const signatures = await read(wanted);
        return verifyImageSignature({ image, digest, signatures }, trust.roots(), strict, this.#options());
      };
      const evidence = await names(wanted);
      if (evidence === undefined) return { verdict: await judge(), cached: false };
      return cache.find([digest, policyKey, trust.version, ...evidence], judge);
    });
    metrics.count('image', found.verdict, found.cached);
    return { ...found, verdict: { ...found.verdict, image } };
  }

  /**
   * Judges an image by policies about images, each by itself. Like of {@link verify}, a verdict may be at hand.
   *
   * @param signal gives up
   * @returns verdicts in the order of the policies
   * @throws OciError when the image cannot be read, or the reason of the signal; TrustAccessError when it is not known what is revoked
   */
  async verifyBy(
    image: string,
    policies: readonly KeyedPolicy[],
    signal?: AbortSignal,
  ): Promise<readonly PolicyVerdict[]> {
    const { trust, policyCache } = this.#parts;
    // Also for what is at hand: a list of revocations that is not fresh any more may be in its way.
    this.#options();
    return this.#visit(image, signal, async ({ digest, names, read }) => {
      const evidence = await names('all');
      let found: Promise<ImageEvidence> | undefined;
      const collect = (): Promise<ImageEvidence> =>
        (found ??= read('all').then((signatures) => ({ image, digest, signatures })));
      const verdicts: PolicyVerdict[] = [];
      for (const { key, policy } of policies) {
        const judge = async (): Promise<PolicyVerdict> => this.judge(await collect(), policy);
        const verdict =
          evidence === undefined
            ? await judge()
            : (await policyCache.find([digest, key, trust.version, ...evidence], judge)).verdict;
        verdicts.push({ ...verdict, image });
      }
      return verdicts;
    });
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
  collect(image: string, wanted: WantedEvidence, signal?: AbortSignal): Promise<ImageEvidence> {
    return this.#visit(image, signal, async ({ digest, read }) => ({
      image,
      digest,
      signatures: await read(wanted),
    }));
  }

  /** Resolves an image, and lends what can be read beside it for as long as one verification may take. */
  async #visit<T>(
    image: string,
    signal: AbortSignal | undefined,
    use: (found: VisitedImage) => Promise<T>,
  ): Promise<T> {
    const { trust, rules, registryFetch, credentials, proofs, config } = this.#parts;
    const ref = parseImageReference(image);
    rules.assertAllowed(ref);
    const deadline = new Deadline(config.verifyTimeoutMs ?? DEFAULT_TIMEOUTS_MS.verify, ref.registry, signal);
    try {
      const client = new RegistryClient({
        fetch: (url, init) => registryFetch(url, { ...init, signal: deadline.join(init.signal) }),
        timeoutMs: config.registryTimeoutMs ?? DEFAULT_TIMEOUTS_MS.registry,
        allowHttp: (host) => rules.allowsHttp(host),
        tokenHosts: rules.tokenHosts,
        ...(credentials && { credentials }),
      });
      const { digest } = await client.resolve(ref);
      const read = async (wanted: WantedEvidence): Promise<SignatureCandidate[]> => {
        const found = await readCandidates(client, ref, digest, wanted);
        return completeWithProofs(found, trust.roots(), proofs ?? NO_LOG, deadline.signal);
      };
      const names = (wanted: WantedEvidence): Promise<readonly string[] | undefined> =>
        nameEvidence(client, ref, digest, wanted).catch((error: unknown) => {
          if (error instanceof OciError) return undefined;
          throw error;
        });
      return await use({ digest, names, read });
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
}

const NO_LOG: ProofSource = { find: async () => ({ missing: 'no log is configured to ask for one' }) };

/** A policy that names types of statements means attestations of these; any other means signatures of the image itself. */
function asksForAttestation({ rules }: Policy): boolean {
  return rules.some(({ field }) => field === 'predicateType');
}

/** One bound for all a registry may take together: it decides how many signatures there are to read. */
class Deadline {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, registry: string, outer: AbortSignal | undefined) {
    const controller = new AbortController();
    this.signal = outer === undefined ? controller.signal : joinSignals(controller.signal, outer);
    const late = new OciError(
      'TIMEOUT',
      `registry ${registry} did not deliver image and signatures within ${ms} ms`,
    );
    this.#timer = setTimeout(() => controller.abort(late), ms);
  }

  join(other: AbortSignal | null | undefined): AbortSignal {
    return other ? joinSignals(other, this.signal) : this.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
