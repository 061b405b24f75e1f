import type { TrustedRoot } from '@sigstead/trust';
import { VerificationError, type NamedTrustedRoot, type SignatureCandidate } from '@sigstead/verification';
import type { JudgingOptions } from '../options.ts';
import { ignoresLogs } from './evidence-demands.ts';

const NOTHING: TrustedRoot = { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] };

/** Trusts no log, no authority and no certificate. */
export const NO_ROOT: readonly NamedTrustedRoot[] = [{ name: 'none', trustedRoot: NOTHING }];

/** Whether nothing counts but a key that the caller knows: no log, no time, and no trusted root that was named. */
export function isByKeyAlone(options: JudgingOptions): boolean {
  const { key, useSignedTimestamps, trustedRoot, trustConfig, trustRoot, trustRoots } = options;
  const isRootNamed = [trustedRoot, trustConfig, trustRoot, trustRoots].some((named) => named !== undefined);
  return key !== undefined && ignoresLogs(options) && useSignedTimestamps !== true && !isRootNamed;
}

/** The signature by itself, without what nobody is trusted to have said about it. */
export function withoutProofs(candidate: SignatureCandidate): SignatureCandidate {
  const { source, evidence } = candidate;
  if (evidence instanceof VerificationError) return candidate;
  return { source, evidence: { ...evidence, logEntries: [], timestamps: [] } };
}
