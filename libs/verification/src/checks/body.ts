import type { TransparencyLogEntry } from '@sigstead/bundle';
import { decodeHex, encodeHex, equalBytes } from '@sigstead/encoding';
import {
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  parseCanonicalBody,
  parseHashedRekord,
  type HashedRekord,
} from '@sigstead/tlog';
import type { Certificate } from '@sigstead/x509';
import { checked, VerificationError } from '../errors.ts';
import type { ArtifactDigest } from '../evidence/signature-evidence.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** What a log entry must be about. */
export interface EntrySubject {
  /** Digest of what the signature is over. */
  readonly signed: ArtifactDigest;
  readonly signature: Uint8Array;
  readonly certificate: Certificate;
}

/**
 * Reads the body of the entry. Only hashedrekord 0.0.1 is judged here.
 *
 * @throws VerificationError UNSUPPORTED, BODY_MALFORMED
 */
export function readEntryBody(entry: TransparencyLogEntry): HashedRekord {
  const frame = checked('BODY_MALFORMED', 'body of the log entry', () =>
    parseCanonicalBody(entry.canonicalizedBody, { maxBytes: MAX_BODY_BYTES }),
  );
  if (frame.kind !== entry.kind || frame.apiVersion !== entry.kindVersion) {
    throw new VerificationError(
      'BODY_MALFORMED',
      `the entry is announced as ${entry.kind} ${entry.kindVersion}, its body is ${frame.kind} ${frame.apiVersion}`,
    );
  }
  assertEntryKind(entry);
  return checked('BODY_MALFORMED', 'body of the log entry', () => parseHashedRekord(frame.spec));
}

/** @throws VerificationError UNSUPPORTED for entries of other kinds and of Rekor v2 */
export function assertEntryKind(entry: TransparencyLogEntry): void {
  if (entry.kind === HASHED_REKORD_KIND && entry.kindVersion === HASHED_REKORD_VERSION) return;
  throw new VerificationError(
    'UNSUPPORTED',
    `log entries of kind ${entry.kind} ${entry.kindVersion} are not judged here, ` +
      `only ${HASHED_REKORD_KIND} ${HASHED_REKORD_VERSION}`,
  );
}

/**
 * The entry is about this signature, by this certificate, of this content: otherwise any genuine entry could be borrowed.
 *
 * @throws VerificationError BODY_HASH, BODY_SIGNATURE, BODY_CERTIFICATE
 */
export function assertBodyBinds(body: HashedRekord, subject: EntrySubject): void {
  assertSameHash(body, subject.signed);
  if (!equalBytes(body.signature, subject.signature)) {
    throw new VerificationError('BODY_SIGNATURE', 'the log entry is about another signature');
  }
  const logged = body.verifier.certificate;
  if (logged === undefined) {
    throw new VerificationError(
      'BODY_CERTIFICATE',
      'the log entry is about a bare key, not about the certificate',
    );
  }
  if (!equalBytes(logged.raw, subject.certificate.raw)) {
    throw new VerificationError('BODY_CERTIFICATE', 'the log entry is about another certificate');
  }
}

function assertSameHash(body: HashedRekord, signed: ArtifactDigest): void {
  const { algorithm, value } = body.hash;
  if (algorithm === signed.algorithm && equalBytes(decodeHex(value), signed.digest)) return;
  throw new VerificationError(
    'BODY_HASH',
    `the log entry is about ${algorithm}:${value}, the signature is over ${signed.algorithm}:${encodeHex(signed.digest)}`,
  );
}
