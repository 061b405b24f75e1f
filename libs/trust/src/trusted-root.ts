import { encodeBase64, type JsonValue } from '@sigstead/encoding';
import { Certificate, X509Error } from '@sigstead/x509';
import { TrustError } from './errors.ts';
import { readLogKey, writeLogKey, type LogKey } from './log-key.ts';
import { MessageReader, parseDocument } from './message-reader.ts';
import { readValidity, writeValidity, type Validity } from './validity.ts';

/** The one media type every client reads. */
export const TRUSTED_ROOT_MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';

const MAX_CERTIFICATES = 8;
const LOG_ID_BYTES = 32;

/** Everything a verifier trusts (sigstore_trustroot.proto, TrustedRoot), instances oldest first. */
export interface TrustedRoot {
  readonly tlogs: readonly TransparencyLogInstance[];
  readonly ctlogs: readonly TransparencyLogInstance[];
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

/** One key of one log. */
export interface TransparencyLogInstance extends LogKey {
  readonly baseUrl: string;
  /** Of the Merkle tree: `SHA2_256`. */
  readonly hashAlgorithm: string;
  /** 32 bytes: SHA-256 of the SPKI, or the C2SP checkpoint key hash of an Ed25519 Rekor v2 log. */
  readonly logId: Uint8Array;
  /** `start` is always there after parsing. */
  readonly validFor: Validity;
  readonly checkpointKeyId?: Uint8Array;
  readonly operator?: string;
}

/** One chain of one CA or timestamp authority. */
export interface CertificateAuthority {
  readonly uri: string;
  readonly subject: { readonly organization: string; readonly commonName: string };
  /** Root last; first the issuing CA of Fulcio or the signing certificate of a timestamp authority. */
  readonly certificates: readonly Certificate[];
  readonly validFor: Validity;
  readonly operator?: string;
}

/**
 * Parses a trusted root of media type 0.1. Nothing is verified beyond form: chains are verified where they are used.
 *
 * Unknown fields are refused, as proto3 JSON demands and the Go clients do; the fields `operator` and
 * `checkpointKeyId` of version 0.2 are known, because published documents of version 0.1 have them.
 *
 * @param json at most 4 MiB
 * @throws TrustError
 */
export function parseTrustedRoot(json: Uint8Array | string): TrustedRoot {
  return readTrustedRoot(parseDocument(json), '');
}

/** JSON of media type 0.1, indented by two, with a final line feed. Parsing it gives the same trusted root. */
export function serializeTrustedRoot(root: TrustedRoot): string {
  return `${JSON.stringify(writeTrustedRoot(root), null, 2)}\n`;
}

/** @throws TrustError */
export function readTrustedRoot(value: JsonValue, path: string): TrustedRoot {
  const message = new MessageReader(value, path, [
    'mediaType',
    'tlogs',
    'certificateAuthorities',
    'ctlogs',
    'timestampAuthorities',
  ]);
  message.assertMediaType(TRUSTED_ROOT_MEDIA_TYPE);
  return {
    tlogs: message.list('tlogs', readLog),
    ctlogs: message.list('ctlogs', readLog),
    certificateAuthorities: message.list('certificateAuthorities', readAuthority),
    timestampAuthorities: message.list('timestampAuthorities', readAuthority),
  };
}

export function writeTrustedRoot(root: TrustedRoot): JsonValue {
  return {
    mediaType: TRUSTED_ROOT_MEDIA_TYPE,
    tlogs: root.tlogs.map(writeLog),
    certificateAuthorities: root.certificateAuthorities.map(writeAuthority),
    ctlogs: root.ctlogs.map(writeLog),
    timestampAuthorities: root.timestampAuthorities.map(writeAuthority),
  };
}

function readLog(value: JsonValue, path: string): TransparencyLogInstance {
  const message = new MessageReader(value, path, [
    'baseUrl',
    'hashAlgorithm',
    'publicKey',
    'logId',
    'checkpointKeyId',
    'operator',
  ]);
  const publicKey = message.message('publicKey', ['rawBytes', 'keyDetails', 'validFor']);
  const validFor = readValidity(publicKey);
  if (validFor.start === undefined) {
    throw new TrustError('VALIDITY', 'a log must say since when its key is valid', {
      path: publicKey.at('validFor.start'),
    });
  }
  const checkpointKeyId = message.optionalMessage('checkpointKeyId', ['keyId'])?.bytes('keyId');
  const operator = message.string('operator');
  return {
    baseUrl: message.string('baseUrl'),
    hashAlgorithm: readHashAlgorithm(message),
    logId: readLogId(message),
    ...readLogKey(publicKey),
    validFor,
    ...(checkpointKeyId && { checkpointKeyId }),
    ...(operator !== '' && { operator }),
  };
}

function writeLog(log: TransparencyLogInstance): JsonValue {
  return {
    baseUrl: log.baseUrl,
    hashAlgorithm: log.hashAlgorithm,
    publicKey: { ...writeLogKey(log), validFor: { ...writeValidity(log.validFor) } },
    logId: { keyId: encodeBase64(log.logId) },
    ...(log.checkpointKeyId && { checkpointKeyId: { keyId: encodeBase64(log.checkpointKeyId) } }),
    ...(log.operator !== undefined && { operator: log.operator }),
  };
}

/** Every tree of Sigstore is of RFC 6962, thus SHA-256; sigstore-go refuses others too. */
function readHashAlgorithm(message: MessageReader): string {
  const value = message.enum('hashAlgorithm');
  if (value !== 'SHA2_256' && value !== 1) {
    throw new TrustError('HASH_ALGORITHM', 'is not SHA2_256', { path: message.at('hashAlgorithm') });
  }
  return 'SHA2_256';
}

function readLogId(message: MessageReader): Uint8Array {
  const logId = message.message('logId', ['keyId']);
  const keyId = logId.bytes('keyId');
  if (keyId.length !== LOG_ID_BYTES) {
    throw new TrustError('LOG_ID', `log ID of ${keyId.length} bytes, want ${LOG_ID_BYTES}`, {
      path: logId.at('keyId'),
    });
  }
  return keyId;
}

function readAuthority(value: JsonValue, path: string): CertificateAuthority {
  const message = new MessageReader(value, path, ['subject', 'uri', 'certChain', 'validFor', 'operator']);
  const subject = message.optionalMessage('subject', ['organization', 'commonName']);
  const chain = message.message('certChain', ['certificates']);
  const certificates = chain.list('certificates', readCertificate);
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) {
    throw new TrustError(
      'CERTIFICATE',
      `chain of ${certificates.length} certificates, want 1 to ${MAX_CERTIFICATES}`,
      {
        path: chain.at('certificates'),
      },
    );
  }
  const operator = message.string('operator');
  return {
    uri: message.string('uri'),
    subject: {
      organization: subject?.string('organization') ?? '',
      commonName: subject?.string('commonName') ?? '',
    },
    certificates,
    validFor: readValidity(message),
    ...(operator !== '' && { operator }),
  };
}

function writeAuthority(authority: CertificateAuthority): JsonValue {
  const { uri, subject, certificates, validFor, operator } = authority;
  return {
    subject: { organization: subject.organization, commonName: subject.commonName },
    ...(uri !== '' && { uri }),
    certChain: { certificates: certificates.map(({ raw }) => ({ rawBytes: encodeBase64(raw) })) },
    validFor: { ...writeValidity(validFor) },
    ...(operator !== undefined && { operator }),
  };
}

/** The key passes the gate here, so that a verifier never meets a bad one later. */
function readCertificate(value: JsonValue, path: string): Certificate {
  const message = new MessageReader(value, path, ['rawBytes']);
  try {
    const certificate = Certificate.parse(message.bytes('rawBytes'));
    void certificate.publicKey;
    return certificate;
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause;
    throw new TrustError('CERTIFICATE', cause.message, { cause, path: message.at('rawBytes') });
  }
}
