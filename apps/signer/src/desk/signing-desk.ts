import type { JsonObject } from '@sigstead/encoding';
import { HttpProblem, type Log } from '@sigstead/server';
import { assertComplete, withCertifiedKeys } from '@sigstead/signing';
import type { SignerLimits } from '../config.ts';
import { Door } from '../limits/door.ts';
import { KeyedQueue } from '../limits/keyed-queue.ts';
import { KnownTokens } from '../limits/known-tokens.ts';
import { Slots } from '../limits/slots.ts';
import { TokenBuckets } from '../limits/token-buckets.ts';
import { SignerMetrics } from '../metrics.ts';
import type { AuditRecord } from '../record/audit-record.ts';
import { HOLD_MS, type Answers, type Held, type IdempotencyRecord } from '../record/idempotency-record.ts';
import type { ServicePlans } from '../service-plans.ts';
import { OrderRun, outcomeOf, type ArtifactOutcome, type OnEvent, type Workshop } from './order-run.ts';
import type { SigningOrder } from './order.ts';
import { Registries, type RegistryAccess } from './registries.ts';

export interface SigningResult {
  /** In the order of the artifacts; those that were not begun before the caller left are missing. */
  readonly outcomes: readonly ArtifactOutcome[];
  /** Whether all of it was answered before, to a request with the same key. */
  readonly repeated: boolean;
}

export interface DeskParts {
  readonly plans: ServicePlans;
  readonly registries: RegistryAccess;
  readonly audit: AuditRecord;
  /** Undefined where nothing is recorded. */
  readonly idempotency: IdempotencyRecord | undefined;
  readonly limits: SignerLimits;
  readonly metricsRegistry: ConstructorParameters<typeof SignerMetrics>[0];
  readonly clock: () => Date;
  readonly log: Log;
}

const NOTHING: Answers = new Map();

/**
 * Signs for whoever brings a token that the certificate authority takes: the token is all the authority a caller has, and whose it is
 * is only what the authority says.
 */
export class SigningDesk {
  readonly #parts: DeskParts;
  readonly #door: Door;
  readonly #workshop: Workshop;

  constructor(parts: DeskParts) {
    const { audit, clock, limits, log, metricsRegistry } = parts;
    const door = new Door(limits.maxRequests);
    this.#parts = parts;
    this.#door = door;
    this.#workshop = {
      audit,
      clock,
      log,
      maxSignatures: limits.maxSignatures,
      metrics: new SignerMetrics(metricsRegistry, () => door.inside),
      tokens: new KnownTokens(),
      buckets: new TokenBuckets({ perMinute: limits.artifactsPerMinute, burst: limits.artifactBurst }),
      slots: new Slots(limits.maxSignatures),
      lists: new KeyedQueue(),
    };
  }

  /**
   * Works an order off. What concerns the order as a whole is thrown, and then nothing was signed; what concerns one artifact is its
   * outcome.
   *
   * @param onEvent told as it goes
   * @param signal the caller has gone: nothing more is begun
   * @throws SigningError TOKEN, SERVICES or of step `certificate`; HttpProblem 400, 429, 503; RecordError
   */
  async sign(order: SigningOrder, onEvent: OnEvent, signal: AbortSignal): Promise<SigningResult> {
    const { plans, clock, idempotency } = this.#parts;
    const { tokens, metrics } = this.#workshop;
    const services = plans.choose(order.rekorVersion);
    if (services === undefined) throw noSuchVersion(order, plans);
    if (order.repeatable !== undefined && idempotency === undefined) throw noIdempotency();
    assertComplete(services, true);
    const known = tokens.identityOf(order.token, clock()) !== undefined;
    return this.#door.pass(known, async (recognised) => {
      const done = metrics.request(order.route);
      try {
        return await withCertifiedKeys(services, order.token, (keys) => {
          const registries = new Registries(this.#parts.registries, order.registryCredentials);
          const parts = { order, services, keys, registries, onEvent, signal, recognised };
          return this.#once(order, new OrderRun(this.#workshop, parts), signal);
        });
      } finally {
        done();
      }
    });
  }

  /** The order, or what was answered to it before. */
  async #once(order: SigningOrder, run: OrderRun, signal: AbortSignal): Promise<SigningResult> {
    const { idempotency } = this.#parts;
    if (order.repeatable === undefined || idempotency === undefined)
      return { outcomes: await run.work(NOTHING), repeated: false };
    const held = await idempotency.hold(await run.identity(), order.repeatable, signal);
    if (!('release' in held)) return { outcomes: [...held].map(outcomeOf), repeated: true };
    return { outcomes: await this.#hold(order, run, held), repeated: false };
  }

  /** Works while the order is held, so that nobody else does; what was signed stays with it whatever happens. */
  async #hold(order: SigningOrder, run: OrderRun, held: Held): Promise<readonly ArtifactOutcome[]> {
    const answers = new Map<number, JsonObject>(held.answers);
    let saving: Promise<void> = Promise.resolve();
    const alive = setInterval(() => {
      // A missed sign of life is made good by the next one.
      saving = held.keep(answers).catch(() => undefined);
    }, HOLD_MS / 3);
    try {
      return await run.work(held.answers, (artifact, answer) => answers.set(artifact, answer));
    } finally {
      clearInterval(alive);
      await saving;
      await this.#release(order, held, answers);
    }
  }

  async #release({ artifacts }: SigningOrder, held: Held, answers: Answers): Promise<void> {
    try {
      await held.release(answers, answers.size === artifacts.length);
    } catch (error) {
      // The signatures are made: their caller gets them. A retry waits until the hold is over, and signs again.
      this.#parts.log.error('the answer to a request with an idempotency key was not kept', { error });
    }
  }
}

function noSuchVersion({ rekorVersion }: SigningOrder, plans: ServicePlans): HttpProblem {
  return new HttpProblem(
    400,
    `there is no Rekor v${rekorVersion} log here, only v${plans.versions.join(' and v')}`,
    { type: 'invalid-request', field: 'rekorVersion', extra: { step: 'input' } },
  );
}

function noIdempotency(): HttpProblem {
  return new HttpProblem(400, 'this signer keeps no record, so it cannot tell a retry from a new request', {
    type: 'idempotency-unavailable',
    field: 'idempotency-key',
    extra: { step: 'input' },
  });
}
