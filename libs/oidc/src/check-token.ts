import type { JsonObject, JsonValue } from '@sigstead/encoding';
import {
  checkIssuerClock,
  checkProvider,
  CLOCK_TOLERANCE_MS,
  describeConfigured,
  describeNearMiss,
  issuerSteps,
  span,
} from './check-issuer.ts';
import { CheckSteps, type CheckStep } from './check-report.ts';
import { assertTokenSize, parseCompactToken, type UnverifiedToken } from './compact-token.ts';
import { OidcError, quote } from './errors.ts';
import type { IssuerPool, PooledIssuer } from './issuer-pool.ts';
import { findNearMiss } from './near-miss.ts';
import { principalOf, type Principal } from './principal.ts';
import { assertAudience, assertNotBefore, assertNotExpired, assertSubject } from './time-and-audience.ts';
import {
  assertAlgorithm,
  assertAlgorithmListed,
  assertNoCriticalHeader,
  findIssuer,
  findKeys,
  verifySignature,
  verifyToken,
} from './verify-token.ts';

const STEPS = [
  'size',
  'format',
  'algorithm',
  'header',
  ...issuerSteps,
  'issuer algorithm',
  'key',
  'signature',
  'audience',
  'expiry',
  'not before',
  'subject',
  'identity',
] as const;

export type TokenStep = (typeof STEPS)[number];

export interface CheckReport {
  /** Whether the certificate authority accepts the token, by its own words: those of `verifyToken` and `principalOf`. */
  readonly accepted: boolean;
  readonly steps: readonly CheckStep<TokenStep>[];
  /** Whom the certificate would be for; absent when the token is refused, or when that cannot be judged. */
  readonly principal?: Principal;
}

export interface CheckTokenOptions {
  /** Issuers of type `ci-provider` have no templates in this pool: the identity is not judged. */
  readonly withoutTemplates?: boolean;
}

/**
 * Explains what becomes of a token: every check of {@link verifyToken} and the identity after it, going on after a failure
 * wherever there is something left to judge, so that one look shows all faults. The steps only explain; the verdict is
 * the one of the checks in their own order.
 *
 * @param now when the token must be valid
 */
export async function checkToken(
  token: string,
  issuers: IssuerPool,
  now: Date,
  options: CheckTokenOptions = {},
): Promise<CheckReport> {
  const steps = new CheckSteps(STEPS);
  const unverified = await readToken(token, steps);
  if (unverified !== undefined) {
    const issuer = findForCheck(unverified, issuers, steps);
    await checkHeaderAndSignature(unverified, issuer, steps);
    await checkClaims(unverified, issuer, now, steps, options);
  }
  return judge(token, issuers, now, steps, options);
}

async function readToken(token: string, steps: CheckSteps<TokenStep>): Promise<UnverifiedToken | undefined> {
  const size = await steps.judge(
    'size',
    () => (assertTokenSize(token), token.length),
    (length) => `${length} characters`,
  );
  return size === undefined
    ? undefined
    : steps.judge(
        'format',
        () => parseCompactToken(token),
        () => 'a signed JWT of three parts',
      );
}

/** The token's issuer, or the one it nearly is: so that the later steps have something to say. */
function findForCheck(
  { claims }: UnverifiedToken,
  issuers: IssuerPool,
  steps: CheckSteps<TokenStep>,
): PooledIssuer | undefined {
  try {
    const issuer = findIssuer(claims, issuers);
    steps.add('issuer', 'passed', describeConfigured(issuer));
    return issuer;
  } catch (error) {
    const near = typeof claims['iss'] === 'string' ? findNearMiss(claims['iss'], issuers) : undefined;
    steps.fail('issuer', error, describeNearMiss(near));
    return near?.issuer;
  }
}

async function checkHeaderAndSignature(
  token: UnverifiedToken,
  issuer: PooledIssuer | undefined,
  steps: CheckSteps<TokenStep>,
): Promise<void> {
  const { header } = token;
  const algorithm = await steps.judge(
    'algorithm',
    () => assertAlgorithm(header),
    (name) => name,
  );
  await steps.judge(
    'header',
    () => assertNoCriticalHeader(header),
    () => 'no critical extension',
  );
  const provider = issuer && (await checkProvider(issuer, steps));
  if (issuer === undefined || provider === undefined || algorithm === undefined) return;
  await steps.judge(
    'issuer algorithm',
    () => assertAlgorithmListed(algorithm, provider, issuer.config),
    () => `the issuer signs with ${algorithm}`,
  );
  const keys = await steps.judge(
    'key',
    () => findKeys(header, algorithm, provider, issuer),
    (found) =>
      header['kid'] === undefined
        ? `the token names none, ${found.length} published by the issuer fit`
        : `the issuer publishes ${quote(header['kid'])}`,
  );
  if (keys === undefined) return;
  await steps.judge(
    'signature',
    () => verifySignature(token, algorithm, keys),
    () => "it verifies with the issuer's key",
  );
}

async function checkClaims(
  { claims }: UnverifiedToken,
  issuer: PooledIssuer | undefined,
  now: Date,
  steps: CheckSteps<TokenStep>,
  options: CheckTokenOptions,
): Promise<void> {
  if (issuer !== undefined) {
    const { clientId } = issuer.config;
    await steps.judge(
      'audience',
      () => assertAudience(claims, clientId),
      () => `the token is for ${quote(clientId)}`,
    );
  }
  const untilExpiryMs = untilMs(claims['exp'], now);
  await steps.judge(
    'expiry',
    () => assertNotExpired(claims, now),
    () => `the token expires in ${span(untilExpiryMs ?? 0)}`,
    untilExpiryMs === undefined ? '' : ` (${span(untilExpiryMs)} ago)`,
  );
  const untilValidMs = untilMs(claims['nbf'], now);
  await steps.judge(
    'not before',
    () => assertNotBefore(claims, now),
    () => 'the token is valid already',
    untilValidMs === undefined ? '' : ` (${span(untilValidMs)} from now)`,
  );
  checkClock(claims, issuer, now, steps);
  const subject = await steps.judge('subject', () => assertSubject(claims), quote);
  if (issuer === undefined || subject === undefined) return;
  if (isIdentityUnknown(issuer, options)) {
    const reason = `it cannot be judged here: the templates of ${issuer.config.issuerUrl} are not known`;
    return steps.add('identity', 'skipped', reason);
  }
  await steps.judge(
    'identity',
    () => principalOf({ issuer: issuer.config, subject, claims }),
    ({ subjectAlternativeName: { type, value } }) => `the certificate is for the ${type} ${quote(value)}`,
  );
}

/** A token from the future tells of clocks that differ, and so does the time of the issuer's answer. */
function checkClock(
  claims: JsonObject,
  issuer: PooledIssuer | undefined,
  now: Date,
  steps: CheckSteps<TokenStep>,
): void {
  const untilIssuedMs = untilMs(claims['iat'], now) ?? 0;
  if (issuer !== undefined) checkIssuerClock(issuer, steps);
  if (untilIssuedMs <= CLOCK_TOLERANCE_MS) return;
  const told = steps.list.find(({ name, outcome }) => name === 'clock' && outcome === 'warning');
  const issued = `the token was issued ${span(untilIssuedMs)} from now`;
  steps.add(
    'clock',
    'warning',
    told === undefined ? `${issued}: this machine is behind the issuer` : `${told.detail}; ${issued}`,
  );
}

function isIdentityUnknown({ config }: PooledIssuer, { withoutTemplates }: CheckTokenOptions): boolean {
  return withoutTemplates === true && config.type === 'ci-provider';
}

/** Asks the checks themselves, from the first on. */
async function judge(
  token: string,
  issuers: IssuerPool,
  now: Date,
  steps: CheckSteps<TokenStep>,
  options: CheckTokenOptions,
): Promise<CheckReport> {
  try {
    const verified = await verifyToken(token, issuers, now);
    const issuer = issuers.find(verified.issuer.issuerUrl);
    if (issuer !== undefined && isIdentityUnknown(issuer, options))
      return { accepted: true, steps: steps.list };
    const principal = principalOf(verified);
    return { accepted: true, steps: steps.list, principal };
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    return { accepted: false, steps: steps.list };
  }
}

/** From now to a time of the token; nothing for a claim that is no time. */
function untilMs(seconds: JsonValue | undefined, now: Date): number | undefined {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 - now.getTime() : undefined;
}
