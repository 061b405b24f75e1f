import type { TransparencyLogEntry } from '@sigstead/bundle';
import { equalBytes } from '@sigstead/encoding';
import type { TransparencyLogInstance, TrustedRoot } from '@sigstead/trust';
import { assertEntryKind } from './checks/body.ts';
import { assertLogValidAt, findLog } from './checks/log.ts';
import { verifySignedEntryTimestamp } from './checks/signed-entry-timestamp.ts';
import { verifySignatureTimestamp, type SignatureTimestamp } from './checks/timestamp.ts';
import { VerificationError } from './errors.ts';
import type { SignatureEvidence } from './evidence/signature-evidence.ts';
import { rootsOf, type Trust } from './trust-roots.ts';

/** A time that a log or a timestamp authority of the trusted root vouches for. */
export interface SigningTime {
  readonly at: Date;
  readonly source: 'signed-entry-timestamp' | 'rfc3161-timestamp';
  /** URL of the log or authority in the trusted root. */
  readonly by: string;
}

/** An entry of a log of the trusted root. Whether it is about this signature is another check's business. */
export interface KnownEntry {
  readonly entry: TransparencyLogEntry;
  readonly log: TransparencyLogInstance;
  /** Of a verified signed entry timestamp; undefined where the log gives none (Rekor v2). */
  readonly integratedAt: Date | undefined;
}

/** When the signature was made, by the word of others and nothing else. */
export interface SigningTimes {
  /** Every one of them counts: whatever must be valid must be valid at each. */
  readonly times: readonly SigningTime[];
  readonly entries: readonly KnownEntry[];
  readonly timestamps: readonly SignatureTimestamp[];
  /** Entries of logs that the trusted root does not know, beside others that it does. */
  readonly unknownEntries: number;
  /** Timestamps that nothing can be said of, as the trusted root has no timestamp authority at all. */
  readonly unknownTimestamps: number;
}

/**
 * Establishes a time for the signature (client specification, "Verification"): integrated times that a signed entry timestamp covers
 * and RFC 3161 timestamps. It is needed before the log entry's own step, because the chain is judged at these times; a refusal is
 * kept and reported in the step it belongs to.
 */
export function judgeSigningTimes(
  evidence: SignatureEvidence,
  trustedRoot: TrustedRoot,
): SigningTimes | VerificationError {
  try {
    assertDistinct(evidence.logEntries);
    assertDistinctTimestamps(evidence.timestamps);
    const entries = knownEntries(evidence.logEntries, trustedRoot);
    const timestamps = verifiedTimestamps(evidence, trustedRoot);
    return {
      times: [...entries.flatMap(timeOfEntry), ...timestamps.map(timeOfTimestamp)],
      entries,
      timestamps,
      unknownEntries: evidence.logEntries.length - entries.length,
      unknownTimestamps: evidence.timestamps.length - timestamps.length,
    };
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
}

/** The entries whose promise holds by one of the roots and that have no proof: for these a log can be asked for one. */
export function entriesWithoutProof(
  evidence: SignatureEvidence,
  trust: Trust,
): readonly TransparencyLogEntry[] {
  if (evidence.logEntries.every(({ inclusionProof }) => inclusionProof !== undefined)) return [];
  const entries = rootsOf(trust).flatMap(({ trustedRoot }) => {
    const judged = judgeSigningTimes(evidence, trustedRoot);
    return judged instanceof VerificationError ? [] : judged.entries;
  });
  const unproved = entries.filter(
    ({ entry, integratedAt }) => entry.inclusionProof === undefined && integratedAt !== undefined,
  );
  return [...new Set(unproved.map(({ entry }) => entry))];
}

/** One log, counted once: the same entry again, in whatever clothes, would meet a threshold that two logs should meet. */
function assertDistinct(entries: readonly TransparencyLogEntry[]): void {
  entries.forEach((entry, at) => {
    const twin = entries
      .slice(0, at)
      .find(
        (other) =>
          equalBytes(other.logId, entry.logId) &&
          (other.logIndex === entry.logIndex || equalBytes(other.canonicalizedBody, entry.canonicalizedBody)),
      );
    if (twin !== undefined)
      throw new VerificationError('LOG_ENTRY_REPEATED', `log entry ${entry.logIndex} is there twice`);
  });
}

/** As with log entries: there is no reason to say the same twice but to be counted twice. */
function assertDistinctTimestamps(timestamps: readonly Uint8Array[]): void {
  timestamps.forEach((der, at) => {
    if (timestamps.slice(0, at).some((other) => equalBytes(other, der)))
      throw new VerificationError('TIMESTAMP_REPEATED', `timestamp ${at + 1} is there twice`);
  });
}

/** All must hold that are by a log of the trusted root; those of other logs are passed over where there is one of these. */
function knownEntries(entries: readonly TransparencyLogEntry[], trustedRoot: TrustedRoot): KnownEntry[] {
  const known: KnownEntry[] = [];
  let unknown: VerificationError | undefined;
  for (const entry of entries) {
    assertEntryKind(entry);
    const log = findLog(entry, trustedRoot);
    if (log instanceof VerificationError) {
      unknown ??= log;
      continue;
    }
    const integratedAt = verifySignedEntryTimestamp(entry, log);
    if (integratedAt !== undefined) assertLogValidAt(log, integratedAt);
    known.push({ entry, log, integratedAt });
  }
  if (known.length === 0 && unknown !== undefined) throw unknown;
  return known;
}

/** All must hold; only where the trusted root has no authority whatever there is nothing to judge them by, and they count for nothing. */
function verifiedTimestamps(evidence: SignatureEvidence, trustedRoot: TrustedRoot): SignatureTimestamp[] {
  const authorities = trustedRoot.timestampAuthorities;
  if (authorities.length === 0) return [];
  const message = evidence.timestamped ?? evidence.signature;
  return evidence.timestamps.map((der) => verifySignatureTimestamp(der, message, authorities));
}

function timeOfEntry({ integratedAt, log }: KnownEntry): SigningTime[] {
  if (integratedAt === undefined) return [];
  return [{ at: integratedAt, source: 'signed-entry-timestamp', by: log.baseUrl }];
}

function timeOfTimestamp({ genTime, authority }: SignatureTimestamp): SigningTime {
  return { at: genTime, source: 'rfc3161-timestamp', by: authority.uri };
}
