import { CheckSteps, type CheckStep, type StepSink } from './check-report.ts';
import { OidcError, quote } from './errors.ts';
import type { IssuerPool, PooledIssuer } from './issuer-pool.ts';
import { findNearMiss } from './near-miss.ts';
import type { Provider } from './provider.ts';

export const issuerSteps = ['issuer', 'discovery', 'discovery issuer', 'keys', 'clock'] as const;

/** Steps that judge the issuer rather than a token. */
export type IssuerStep = (typeof issuerSteps)[number];

export interface IssuerReport {
  /** Whether the issuer's tokens can be judged: it is configured, reachable and has keys. */
  readonly usable: boolean;
  readonly steps: readonly CheckStep<IssuerStep>[];
}

/** How far clocks may differ before it is worth a word: certificates last ten minutes, and tokens often five. */
export const CLOCK_TOLERANCE_MS = 30_000;

/** Looks at one issuer the way the verification of its tokens does, and tells what it finds. */
export async function checkIssuer(issuerUrl: string, issuers: IssuerPool): Promise<IssuerReport> {
  const steps = new CheckSteps(issuerSteps);
  const issuer = findForCheck(issuerUrl, issuers, steps);
  if (issuer !== undefined) {
    await checkProvider(issuer, steps);
    checkIssuerClock(issuer, steps);
  }
  return { usable: !steps.hasFailed, steps: steps.list };
}

/** The issuer, or the one it nearly is: so that the later steps have something to say. */
function findForCheck(
  issuerUrl: string,
  issuers: IssuerPool,
  steps: StepSink<IssuerStep>,
): PooledIssuer | undefined {
  const found = issuers.find(issuerUrl);
  if (found !== undefined) {
    steps.add('issuer', 'passed', describeConfigured(found));
    return found;
  }
  const near = findNearMiss(issuerUrl, issuers);
  steps.add('issuer', 'failed', `issuer: ${quote(issuerUrl)} is not configured${describeNearMiss(near)}`);
  return near?.issuer;
}

export function describeConfigured({ config }: PooledIssuer): string {
  const pattern = config.issuerPattern === undefined ? '' : `, by the pattern ${config.issuerPattern}`;
  return `${config.issuerUrl}, type ${config.type}, tokens for ${quote(config.clientId)}${pattern}`;
}

/** Ends a sentence on an issuer that is not configured. */
export function describeNearMiss(near: ReturnType<typeof findNearMiss>): string {
  if (near === undefined) return '';
  const { issuerUrl } = near.issuer.config;
  return `; it is nearly ${quote(issuerUrl)}: ${near.difference} (the following steps are about that one)`;
}

/** Discovery and keys as the verification of a token fetches them; one failure tells which of the steps was the last. */
export async function checkProvider(
  { config, provider }: PooledIssuer,
  steps: StepSink<IssuerStep>,
): Promise<Provider | undefined> {
  const isPinned = config.jwks !== undefined;
  const passDiscovery = (): void =>
    steps.add('discovery', isPinned ? 'skipped' : 'passed', isPinned ? PINNED : 'it answers');
  const passIssuer = (): void =>
    steps.add(
      'discovery issuer',
      isPinned ? 'skipped' : 'passed',
      isPinned ? PINNED : `the document speaks for ${config.issuerUrl}`,
    );
  try {
    const current = await provider.current();
    passDiscovery();
    passIssuer();
    const { usable, refused } = current.keys.summary;
    const algorithms = [...current.algorithms].join(', ') || 'no algorithm that is accepted';
    steps.add(
      'keys',
      refused.length === 0 ? 'passed' : 'warning',
      [`${usable} usable, for ${algorithms}`, ...refused].join('; '),
    );
    return current;
  } catch (error) {
    if (!(error instanceof OidcError)) throw error;
    const failed = failedStep(error);
    if (failed !== 'discovery') passDiscovery();
    if (failed === 'keys') passIssuer();
    steps.fail(failed, error);
    return undefined;
  }
}

const PINNED = 'the keys are pinned in the configuration, nothing is fetched';

function failedStep({ code, claim }: OidcError): 'discovery' | 'discovery issuer' | 'keys' {
  if (code === 'JWKS' || claim === 'jwks_uri') return 'keys';
  return claim === 'issuer' ? 'discovery issuer' : 'discovery';
}

/** The issuer's Date header against this machine's clock. */
export function checkIssuerClock({ config, provider }: PooledIssuer, steps: StepSink<IssuerStep>): void {
  const leadMs = provider.clockLeadMs;
  if (leadMs === undefined) {
    steps.add('clock', 'skipped', config.jwks === undefined ? 'the issuer did not tell its time' : PINNED);
  } else if (Math.abs(leadMs) > CLOCK_TOLERANCE_MS) {
    steps.add(
      'clock',
      'warning',
      `this machine is ${span(leadMs)} ${leadMs > 0 ? 'behind' : 'ahead of'} the issuer`,
    );
  } else {
    steps.add('clock', 'passed', "this machine's clock agrees with the issuer's");
  }
}

/** A span of time for people: `45 seconds`, `10 minutes`, `3 hours`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const [count, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7200
        ? [Math.round(seconds / 60), 'minute']
        : seconds < 172_800
          ? [Math.round(seconds / 3600), 'hour']
          : [Math.round(seconds / 86_400), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
