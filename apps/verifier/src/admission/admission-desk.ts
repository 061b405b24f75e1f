import { setMaxListeners } from 'node:events';
import { OciError } from '@sigstead/oci';
import type { Log } from '@sigstead/server';
import { printable } from '@sigstead/verification';
import type { ImageVerifier } from '../image-verifier.ts';
import { DEFAULT_NAMESPACE } from '../policies/binding-store.ts';
import type { PoliciesOfNamespace } from '../policies/named-policies.ts';
import { PolicyStoreError } from '../policies/policy-store-error.ts';
import type { AdmissionDecision, AdmissionRequest } from './admission-review.ts';
import { admitImage, type ImageOutcome } from './image-admission.ts';
import { imagesOf, UnreadableObject, type UsedImage } from './pod-images.ts';
import { Turnstile } from './turnstile.ts';

export interface AdmissionDeskParts {
  readonly verifier: Pick<ImageVerifier, 'verifyBy'>;
  /** @throws PolicyStoreError */
  readonly policiesOf: (namespace: string) => Promise<PoliciesOfNamespace>;
  readonly log: Log;
  readonly unmatched: 'deny' | 'allow';
  /** For one review with everything it reads. */
  readonly timeoutMs: number;
  /** Images of all reviews that are looked at together. */
  readonly concurrency: number;
}

/** Longest answer, for a person: what does not fit is counted. */
const MAX_REASONS = 20;
const MAX_REASON_LENGTH = 1000;
/** API servers cut longer ones, and pass on 4096 characters of all together. */
const MAX_WARNING_LENGTH = 250;
const MAX_WARNINGS = 15;
/** What an API server that says `2s` may have left is little more than one: it rounds up. */
const ROUNDING_MS = 1_000;
/** Left of the API server's time for the way back. */
const MARGIN_MS = 300;
/** Time for an answer, however little the API server has left. */
const LEAST_MS = 500;

/** Decides whether Kubernetes may run what it asks about. Whatever cannot be decided is refused. */
export class AdmissionDesk {
  readonly #parts: AdmissionDeskParts;
  readonly #turnstile: Turnstile;

  constructor(parts: AdmissionDeskParts) {
    this.#parts = parts;
    this.#turnstile = new Turnstile(parts.concurrency);
  }

  /** @param callerTimeoutMs how long the caller says it waits */
  async decide(request: AdmissionRequest, callerTimeoutMs?: number): Promise<AdmissionDecision> {
    if (request.operation === 'DELETE') return { allowed: true };
    const images = newImages(request);
    if ('message' in images) return refuse([images.message]);
    if (images.used.length === 0) return { allowed: true };
    const timeoutMs = Math.min(
      this.#parts.timeoutMs,
      Math.max((callerTimeoutMs ?? Infinity) - ROUNDING_MS - MARGIN_MS, LEAST_MS),
    );
    return within(timeoutMs, (signal) => this.#decide(request, images.used, signal));
  }

  async #decide(
    request: AdmissionRequest,
    used: readonly UsedImage[],
    signal: AbortSignal,
  ): Promise<AdmissionDecision> {
    const namespace = request.namespace ?? DEFAULT_NAMESPACE;
    let inForce: PoliciesOfNamespace;
    try {
      inForce = await this.#parts.policiesOf(namespace);
    } catch (error) {
      if (!(error instanceof PolicyStoreError)) return this.#fail(error);
      return refuse([`the policies of namespace ${namespace} cannot be applied: ${error.message}`]);
    }
    const outcomes = await this.#judgeEach([...new Set(used.map(({ image }) => image))], inForce, signal);
    return answer(used, outcomes);
  }

  /** Every image once, however many containers have it. */
  async #judgeEach(
    images: readonly string[],
    { policies }: PoliciesOfNamespace,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ImageOutcome>> {
    const { verifier, unmatched } = this.#parts;
    const taking: typeof verifier = {
      verifyBy: (image, by) => this.#turnstile.pass(signal, () => verifier.verifyBy(image, by, signal)),
    };
    const judged = images.map(async (image): Promise<readonly [string, ImageOutcome]> => {
      try {
        return [image, await admitImage(taking, policies, image, { unmatched, signal })];
      } catch (error) {
        const { message = 'it could not be verified' } = this.#fail(error);
        return [image, { refusals: [message], warnings: [], digest: undefined }];
      }
    });
    return new Map(await Promise.all(judged));
  }

  /** A defect of ours: nobody is told more, and nothing gets in by it. */
  #fail(error: unknown): AdmissionDecision {
    this.#parts.log.error('a review could not be decided', { error });
    return refuse(['it could not be decided, the log of the verifier has the reason']);
  }
}

/**
 * Images that were not there before. What runs already was admitted already: a change of a label, or the end of an object, must not
 * hang on a registry.
 */
function newImages(
  request: AdmissionRequest,
): { readonly used: readonly UsedImage[] } | { readonly message: string } {
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') {
    return { message: `operation ${printable(request.operation, 40)} is not for this webhook to decide` };
  }
  try {
    const used = imagesOf(request.kind, request.object);
    if (request.operation === 'CREATE') return { used };
    const before = new Set(imagesBefore(request).map(identify));
    return { used: used.filter((one) => !before.has(identify(one))) };
  } catch (error) {
    if (!(error instanceof UnreadableObject)) throw error;
    return { message: error.message };
  }
}

/** An old object that cannot be read excuses nothing. */
function imagesBefore({ kind, oldObject }: AdmissionRequest): readonly UsedImage[] {
  try {
    return imagesOf(kind, oldObject);
  } catch (error) {
    if (!(error instanceof UnreadableObject)) throw error;
    return [];
  }
}

function identify({ role, name, image }: UsedImage): string {
  return JSON.stringify([role, name, image]);
}

function answer(used: readonly UsedImage[], outcomes: ReadonlyMap<string, ImageOutcome>): AdmissionDecision {
  const refusals: string[] = [];
  const warnings: string[] = [];
  for (const { role, name, image } of used) {
    const outcome = outcomes.get(image);
    const whose = `${role} "${name}", image ${image}`;
    for (const reason of outcome?.refusals ?? ['not judged']) refusals.push(`${whose}: ${reason}`);
    for (const reason of outcome?.warnings ?? []) warnings.push(`${whose}: ${reason}`);
  }
  const digests = [...outcomes].flatMap(([image, { digest }]) =>
    digest === undefined ? [] : `${printable(image, 300)} is ${digest}`,
  );
  const audit = digests.length === 0 ? {} : { images: digests.join(', ') };
  const told = bounded(warnings, MAX_WARNINGS, MAX_WARNING_LENGTH, 'warnings');
  return refusals.length === 0
    ? { allowed: true, warnings: told, audit }
    : { ...refuse(refusals), warnings: told, audit };
}

/** One line per reason; what came from outside cannot make another. */
function refuse(reasons: readonly string[]): AdmissionDecision {
  return { allowed: false, message: bounded(reasons, MAX_REASONS, MAX_REASON_LENGTH, 'reasons').join('\n') };
}

/** The first of them, and how many more there are. */
function bounded(texts: readonly string[], count: number, length: number, what: string): readonly string[] {
  const lines = texts.slice(0, count).map((text) => printable(text, length));
  const more = texts.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more ${what}`] : lines;
}

/** The answer that is due, whatever becomes of the work: the API server would wait no longer. */
async function within(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<AdmissionDecision>,
): Promise<AdmissionDecision> {
  const controller = new AbortController();
  // As many listen as there are images, with all they wait for.
  setMaxListeners(0, controller.signal);
  const reason = `not verified within ${timeoutMs} ms`;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<AdmissionDecision>((resolve) => {
    timer = setTimeout(() => {
      controller.abort(new OciError('TIMEOUT', reason));
      // What was found until now says more than the time alone.
      setTimeout(() => resolve(refuse([reason])), GRACE_MS);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

const GRACE_MS = 100;
