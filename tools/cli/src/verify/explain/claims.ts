import type { TransparencyLogEntry } from '@sigstead/bundle';
import { encodeHex } from '@sigstead/encoding';
import { parseTimestamp, TimestampError } from '@sigstead/timestamp';
import {
  extractIdentity,
  formatArtifactDigest,
  parseStatement,
  VerificationError,
  type NamedTrustedRoot,
  type SignatureEvidence,
} from '@sigstead/verification';
import { Certificate, describeName, X509Error } from '@sigstead/x509';

/** What a bundle says, believed of nothing. JSON types only; ids in hex, times in ISO 8601. */
export interface Claims {
  readonly signs: SignedClaims;
  readonly signer: SignerClaims;
  readonly logEntries: readonly LogEntryClaims[];
  readonly timestamps: readonly TimestampClaims[];
}

export type SignedClaims =
  /** `digest` is undefined where the form does not say it. */
  | { readonly kind: 'artifact'; readonly digest?: string }
  | {
      readonly kind: 'statement';
      readonly predicateType: string;
      readonly subjects: readonly {
        readonly name: string;
        readonly digests: Readonly<Record<string, string>>;
      }[];
    }
  | { readonly kind: 'envelope'; readonly payloadType: string; readonly unreadable: string };

export type SignerClaims =
  | { readonly kind: 'key'; readonly hint: string }
  | {
      readonly kind: 'certificate';
      readonly identity: string;
      readonly issuer: string;
      readonly claims: Readonly<Record<string, string>>;
      readonly key: string;
      readonly notBefore: string;
      readonly notAfter: string;
      readonly serialNumber: string;
      readonly certifiedBy: string;
    }
  | { readonly kind: 'certificate'; readonly unreadable: string };

export interface LogEntryClaims {
  readonly logId: string;
  /** URL by the trusted root, where there is one that knows the id. */
  readonly log?: string;
  readonly logIndex: string;
  readonly kind: string;
  /** Nobody's word where there is no promise. */
  readonly integratedTime?: string;
  readonly promise: boolean;
  readonly proof?: { readonly leafIndex: string; readonly treeSize: string; readonly origin: string };
}

export type TimestampClaims = { readonly genTime: string } | { readonly unreadable: string };

/** @param roots name logs, and are not asked whether anything is true */
export function readClaims(evidence: SignatureEvidence, roots: readonly NamedTrustedRoot[]): Claims {
  return {
    signs: signedClaims(evidence),
    signer: signerClaims(evidence),
    logEntries: evidence.logEntries.map((entry) => logEntryClaims(entry, roots)),
    timestamps: evidence.timestamps.map(timestampClaims),
  };
}

function signedClaims({ content }: SignatureEvidence): SignedClaims {
  switch (content.kind) {
    case 'message-digest':
      return { kind: 'artifact', digest: formatArtifactDigest(content.claimed) };
    case 'simple-signing':
      return { kind: 'artifact' };
    case 'dsse': {
      const { payloadType, payload } = content;
      return unlessUnreadable<SignedClaims>(
        () => {
          const { predicateType, subjects } = parseStatement(payloadType, payload);
          return {
            kind: 'statement',
            predicateType,
            subjects: subjects.map(({ name, digests }) => ({ name, digests })),
          };
        },
        (unreadable) => ({ kind: 'envelope', payloadType, unreadable }),
      );
    }
  }
}

function signerClaims({ key }: SignatureEvidence): SignerClaims {
  if (key.kind === 'public-key') return { kind: 'key', hint: key.hint };
  return unlessUnreadable<SignerClaims>(
    () => {
      const certificate = Certificate.parse(key.certificate);
      const { identity, issuer, claims } = extractIdentity(certificate);
      return {
        kind: 'certificate',
        identity,
        issuer,
        claims: { ...claims },
        key: certificate.publicKey.type,
        notBefore: certificate.notBefore.toISOString(),
        notAfter: certificate.notAfter.toISOString(),
        serialNumber: encodeHex(certificate.serialNumber),
        certifiedBy: describeName(certificate.issuer),
      };
    },
    (unreadable) => ({ kind: 'certificate', unreadable }),
  );
}

function logEntryClaims(entry: TransparencyLogEntry, roots: readonly NamedTrustedRoot[]): LogEntryClaims {
  const logId = encodeHex(entry.logId);
  const log = roots
    .flatMap(({ trustedRoot }) => trustedRoot.tlogs)
    .find((known) => encodeHex(known.logId) === logId)?.baseUrl;
  const { inclusionProof, integratedTimeSeconds } = entry;
  return {
    logId,
    ...(log !== undefined && { log }),
    logIndex: entry.logIndex.toString(),
    kind: `${entry.kind} ${entry.kindVersion}`,
    ...(integratedTimeSeconds > 0n && { integratedTime: timeOf(integratedTimeSeconds) }),
    promise: entry.inclusionPromise !== undefined,
    ...(inclusionProof && {
      proof: {
        leafIndex: inclusionProof.logIndex.toString(),
        treeSize: inclusionProof.treeSize.toString(),
        origin: inclusionProof.checkpoint.split('\n', 1)[0] ?? '',
      },
    }),
  };
}

/** End of the year 9999. */
const LAST_SECOND = 253_402_300_799n;

function timeOf(seconds: bigint): string {
  return seconds > LAST_SECOND ? `${seconds} s after 1970` : new Date(Number(seconds) * 1000).toISOString();
}

function timestampClaims(der: Uint8Array): TimestampClaims {
  return unlessUnreadable<TimestampClaims>(
    () => ({ genTime: parseTimestamp(der).tstInfo.genTime.toISOString() }),
    (unreadable) => ({ unreadable }),
  );
}

/** Parts come from anywhere: one that cannot be read is told, and the others all the same. */
function unlessUnreadable<T>(read: () => T, otherwise: (reason: string) => T): T {
  try {
    return read();
  } catch (error) {
    const isKnown =
      error instanceof VerificationError || error instanceof X509Error || error instanceof TimestampError;
    if (!isKnown) throw error;
    return otherwise(error.message);
  }
}
