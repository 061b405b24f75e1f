import { createIssuerFetch } from '@sigstead/issuer-access';
import {
  checkIssuer,
  checkToken,
  IssuerPool,
  type CheckReport,
  type CheckStep,
  type Principal,
} from '@sigstead/oidc';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../printable.ts';
import type { ConfiguredIssuers } from './configured-issuers.ts';

/** What `issuer check` found out about a token or an issuer. */
export interface Finding {
  readonly subject: 'token' | 'issuer';
  /** Accepted, or usable. */
  readonly ok: boolean;
  readonly source: string;
  readonly steps: readonly CheckStep[];
  readonly principal?: Principal;
}

/** Judges a token, or an issuer by its URL, exactly as a certificate authority with these issuers would, here and now. */
export async function check(
  what: { readonly token: string } | { readonly issuerUrl: string },
  { configuration, source, withoutTemplates }: ConfiguredIssuers,
): Promise<Finding> {
  const clock = (): Date => new Date();
  const fetch = createIssuerFetch();
  try {
    const issuers = new IssuerPool(configuration, { fetch, clock });
    if ('token' in what) {
      const report = await checkToken(what.token, issuers, clock(), { withoutTemplates });
      return { subject: 'token', ok: report.accepted, source, ...withoutVerdict(report) };
    }
    const { usable, steps } = await checkIssuer(what.issuerUrl, issuers);
    return { subject: 'issuer', ok: usable, source, steps };
  } finally {
    await fetch.close();
  }
}

function withoutVerdict({ steps, principal }: CheckReport): Pick<Finding, 'steps' | 'principal'> {
  return { steps, ...(principal === undefined ? {} : { principal }) };
}

const MARKS = { passed: 'ok', failed: 'FAILED', warning: 'warning', skipped: '-' } as const;

/** For people: one line for each step, then what the certificate would say. */
export function describeFinding({ source, steps, principal }: Finding): string {
  const lines = [
    `judged by ${source}`,
    ...steps.map(({ name, outcome, detail }) => `${MARKS[outcome].padEnd(8)} ${name.padEnd(17)} ${detail}`),
    ...(principal === undefined ? [] : describePrincipal(principal)),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function describePrincipal({ subjectAlternativeName: { type, value }, claims }: Principal): string[] {
  const named = Object.entries(claims).filter(([, text]) => text !== undefined && text !== '');
  return [
    'the certificate would say',
    `  ${`subject (${type})`.padEnd(36)} ${value}`,
    ...named.map(([name, text]) => `  ${name.padEnd(36)} ${String(text)}`),
  ];
}

/**
 * Ends the command when the token is refused or the issuer unusable.
 *
 * @throws CliError with the first fault, and what the clocks have to do with it
 */
export function assertOk({ subject, ok, steps }: Finding): void {
  if (ok) return;
  const failed = steps.find(({ outcome }) => outcome === 'failed');
  const clock = steps.find(({ name, outcome }) => name === 'clock' && outcome === 'warning');
  const isAboutTime = failed?.name === 'expiry' || failed?.name === 'not before';
  const reason = [
    failed?.detail ?? 'for an unknown reason',
    ...(isAboutTime && clock ? [`clock: ${clock.detail}`] : []),
  ].join('; ');
  const verdict = subject === 'token' ? 'the token is refused' : 'the issuer cannot be used';
  throw new CliError(printable(`${verdict}: ${reason}`), exitCodes.failed);
}
