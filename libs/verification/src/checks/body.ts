import type { TransparencyLogEntry } from '@sigstead/bundle';
import { parseKeyDetails, sha256, type PublicKey } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8, equalBytes } from '@sigstead/encoding';
import {
  isLoggedEntryKind,
  parseCanonicalBody,
  readLoggedEntry,
  type LoggedDigest,
  type LoggedEntry,
  type LoggedSignature,
  type LoggedVerifier,
} from '@sigstead/tlog';
import type { Certificate } from '@sigstead/x509';
import { checked, VerificationError } from '../errors.ts';
import type { SignedContent } from '../evidence/signature-evidence.ts';
import { printable } from '../text.ts';
import type { Signed } from './signature.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Statements are deep at times, and intoto keeps nothing of them but digests. */
const MAX_BODY_DEPTH = 16;

type Envelope = Extract<SignedContent, { kind: 'dsse' }>;

/** What a log entry must be about. */
export interface EntrySubject {
  readonly content: SignedContent;
  readonly signed: Signed;
  readonly signature: Uint8Array;
  readonly publicKey: PublicKey;
  /** Undefined when a bare key signed. */
  readonly certificate: Certificate | undefined;
}

/**
 * Reads the body of the entry, which must be what it is announced as.
 *
 * @throws VerificationError UNSUPPORTED, BODY_MALFORMED
 */
export function readEntryBody(entry: TransparencyLogEntry): LoggedEntry {
  assertEntryKind(entry);
  return checked('BODY_MALFORMED', 'body of the log entry', () => {
    const frame = parseCanonicalBody(entry.canonicalizedBody, {
      maxBytes: MAX_BODY_BYTES,
      maxDepth: MAX_BODY_DEPTH,
    });
    if (frame.kind !== entry.kind || frame.apiVersion !== entry.kindVersion) {
      throw new VerificationError(
        'BODY_MALFORMED',
        `the entry is announced as ${entry.kind} ${entry.kindVersion}, its body is ${printable(frame.kind, 64)} ${printable(frame.apiVersion, 64)}`,
      );
    }
    return readLoggedEntry(frame);
  });
}

/** @throws VerificationError UNSUPPORTED for entries of unknown kinds and versions: what cannot be judged is not passed over */
export function assertEntryKind({ kind, kindVersion }: TransparencyLogEntry): void {
  if (isLoggedEntryKind(kind, kindVersion)) return;
  throw new VerificationError(
    'UNSUPPORTED',
    `log entries of kind ${printable(kind, 64)} ${printable(kindVersion, 64)} are not judged here`,
  );
}

/**
 * The entry is about this signature, by this certificate or key, of this content: otherwise any genuine entry could be borrowed.
 *
 * @throws VerificationError BODY_HASH, BODY_SIGNATURE, BODY_KEY, UNSUPPORTED for an entry about envelopes beside other content
 */
export function assertBodyBinds(body: LoggedEntry, subject: EntrySubject): void {
  switch (body.form) {
    case 'digest':
      assertDigest(body.digest, subject.signed.digest(body.digest.algorithm));
      return assertSignature(body, subject);
    case 'envelope':
      assertPayload(body.payloadDigest, envelopeOf(subject), body.payloadType);
      return assertOnlySignature(body.signatures, subject);
    case 'envelope-text':
      assertPayload(body.payloadDigest, envelopeOf(subject));
      assertEnvelopeText(body.envelopeDigest, envelopeOf(subject), subject.signature);
      return assertVerifier(body.verifier, subject);
  }
}

function assertDigest(logged: LoggedDigest, want: Uint8Array | undefined): void {
  if (want !== undefined && equalBytes(logged.digest, want)) return;
  const got = `${logged.algorithm}:${encodeHex(logged.digest)}`;
  throw new VerificationError(
    'BODY_HASH',
    want === undefined
      ? `the log entry is about ${got}, and no such digest of the signed content is known`
      : `the log entry is about ${got}, the signature is over ${logged.algorithm}:${encodeHex(want)}`,
  );
}

function envelopeOf({ content }: EntrySubject): Envelope {
  if (content.kind === 'dsse') return content;
  throw new VerificationError(
    'UNSUPPORTED',
    'the log entry is about an envelope, and the signature is over none',
  );
}

function assertPayload(logged: LoggedDigest, content: Envelope, payloadType?: string): void {
  if (payloadType !== undefined && payloadType !== content.payloadType) {
    throw new VerificationError(
      'BODY_HASH',
      `the log entry is about a payload of type ${printable(payloadType, 100)}, the envelope has ${printable(content.payloadType, 100)}`,
    );
  }
  assertDigest(logged, logged.algorithm === 'sha256' ? sha256(content.payload) : undefined);
}

/**
 * The digest is of the text that was logged, which a bundle does not keep. There, one of the forms in which Go and JavaScript write an
 * envelope must have it.
 */
function assertEnvelopeText(logged: LoggedDigest, content: Envelope, signature: Uint8Array): void {
  const texts = content.envelope === undefined ? envelopeTexts(content, signature) : [content.envelope];
  if (texts.some((text) => equalBytes(sha256(text), logged.digest))) return;
  throw new VerificationError('BODY_SIGNATURE', 'the log entry is about an envelope of another signature');
}

function envelopeTexts({ payloadType, payload, keyId }: Envelope, signature: Uint8Array): Uint8Array[] {
  const body = encodeBase64(payload);
  const sig = encodeBase64(signature);
  return [[{ keyid: keyId, sig }], [{ sig, keyid: keyId }], ...(keyId === '' ? [[{ sig }]] : [])]
    .flatMap((signatures) => [
      { payloadType, payload: body, signatures },
      { payload: body, payloadType, signatures },
    ])
    .map((envelope) => encodeUtf8(JSON.stringify(envelope)));
}

/** One signature, ours: a second one would be somebody else's word for the same envelope. */
function assertOnlySignature(signatures: readonly LoggedSignature[], subject: EntrySubject): void {
  const [signature, ...others] = signatures;
  if (signature === undefined || others.length > 0) {
    throw new VerificationError(
      'BODY_SIGNATURE',
      `the log entry is about ${signatures.length} signatures, want exactly one`,
    );
  }
  assertSignature(signature, subject);
}

function assertSignature(logged: LoggedSignature, subject: EntrySubject): void {
  if (!equalBytes(logged.signature, subject.signature)) {
    throw new VerificationError('BODY_SIGNATURE', 'the log entry is about another signature');
  }
  assertVerifier(logged.verifier, subject);
}

function assertVerifier({ form, der, keyDetails }: LoggedVerifier, subject: EntrySubject): void {
  const { certificate, publicKey } = subject;
  const isCertificate = certificate !== undefined;
  if ((form === 'certificate') !== isCertificate) {
    throw new VerificationError(
      'BODY_KEY',
      isCertificate
        ? 'the log entry is about a bare key, not about the certificate'
        : 'the log entry is about a certificate, not about the bare key',
    );
  }
  if (!equalBytes(der, certificate?.raw ?? publicKey.spki)) {
    throw new VerificationError(
      'BODY_KEY',
      `the log entry is about another ${isCertificate ? 'certificate' : 'key'}`,
    );
  }
  if (keyDetails !== undefined) assertKeyDetails(keyDetails, publicKey);
}

function assertKeyDetails(name: string, { type }: PublicKey): void {
  const want = checked('BODY_MALFORMED', 'body of the log entry', () => parseKeyDetails(name));
  if (want.type === type) return;
  throw new VerificationError('BODY_KEY', `the log entry has ${name} for a key of type ${type}`);
}
