import type { TransparencyLogEntry } from '@sigstead/bundle';
import {
  decodeBase64,
  decodeHex,
  decodePem,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '@sigstead/encoding';
import { parseCanonicalBody } from '@sigstead/tlog';
import { checked, VerificationError } from '../errors.ts';
import type { SignatureEvidence } from './signature-evidence.ts';

/** Annotations of a `.sig` or `.att` layer as cosign writes them. */
export const legacyAnnotations = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  bundle: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

const MAX_CERTIFICATE_TEXT = 64 * 1024;
const MAX_BUNDLE_TEXT = 1024 * 1024;
const MAX_TIMESTAMP_TEXT = 64 * 1024;

type Annotations = Readonly<Record<string, string>>;

/**
 * Key, log entry and timestamp of a layer. Without a certificate the signature was made with a key of the signer's own.
 *
 * @throws VerificationError EVIDENCE_MALFORMED when an annotation cannot be read
 */
export function legacyMaterial(
  annotations: Annotations,
): Pick<SignatureEvidence, 'key' | 'logEntries' | 'timestamps'> {
  const { certificate, bundle, timestamp } = legacyAnnotations;
  const certificateText = annotation(annotations, certificate, MAX_CERTIFICATE_TEXT);
  const bundleText = annotation(annotations, bundle, MAX_BUNDLE_TEXT);
  const timestampText = annotation(annotations, timestamp, MAX_TIMESTAMP_TEXT);
  return {
    key:
      certificateText === undefined
        ? { kind: 'public-key', hint: '' }
        : { kind: 'certificate', certificate: certificateDer(certificateText) },
    logEntries: bundleText === undefined ? [] : [readRekorBundle(bundleText)],
    timestamps: timestampText === undefined ? [] : [readTimestamp(timestampText)],
  };
}

/** `{"SignedRFC3161Timestamp": base64}` (cosign, pkg/cosign/bundle) */
function readTimestamp(text: string): Uint8Array {
  const what = `annotation ${legacyAnnotations.timestamp}`;
  const json = checked('EVIDENCE_MALFORMED', what, () =>
    parseJson(text, { maxBytes: MAX_TIMESTAMP_TEXT, maxDepth: 2, uniqueMembers: true }),
  );
  if (!isJsonObject(json)) throw malformed(`${what} is no JSON object`);
  const field = 'SignedRFC3161Timestamp';
  return base64Annotation(field, textField(json, field, what));
}

/**
 * ```
 * { "SignedEntryTimestamp": base64,
 *   "Payload": { "body": base64, "integratedTime": seconds, "logIndex": n, "logID": hex } }      (cosign, pkg/cosign/bundle)
 * ```
 */
function readRekorBundle(text: string): TransparencyLogEntry {
  const what = `annotation ${legacyAnnotations.bundle}`;
  const json = checked('EVIDENCE_MALFORMED', what, () =>
    parseJson(text, { maxBytes: MAX_BUNDLE_TEXT, maxDepth: 4, uniqueMembers: true }),
  );
  if (!isJsonObject(json)) throw malformed(`${what} is no JSON object`);
  const payload = json['Payload'];
  if (payload === undefined || !isJsonObject(payload)) throw malformed(`${what} has no Payload`);
  const canonicalizedBody = base64Annotation('Payload.body', textField(payload, 'body'));
  const frame = checked('BODY_MALFORMED', 'body of the log entry', () =>
    parseCanonicalBody(canonicalizedBody),
  );
  return {
    logIndex: BigInt(natural(payload, 'logIndex')),
    logId: logId(textField(payload, 'logID')),
    kind: frame.kind,
    kindVersion: frame.apiVersion,
    integratedTimeSeconds: BigInt(natural(payload, 'integratedTime')),
    inclusionPromise: base64Annotation('SignedEntryTimestamp', textField(json, 'SignedEntryTimestamp')),
    canonicalizedBody,
  };
}

/** The annotation, undefined when absent or empty. @throws VerificationError EVIDENCE_MALFORMED when it is too long */
export function annotation(annotations: Annotations, name: string, maxLength: number): string | undefined {
  const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
  // cosign writes the key always, with an empty value for what it has not got.
  if (value === undefined || value === '') return undefined;
  if (value.length > maxLength)
    throw malformed(`annotation ${name} has ${value.length} characters, at most ${maxLength}`);
  return value;
}

function certificateDer(pem: string): Uint8Array {
  const what = `annotation ${legacyAnnotations.certificate}`;
  const [block] = checked('EVIDENCE_MALFORMED', what, () => decodePem(pem, { maxBlocks: 1 }));
  if (block?.label !== 'CERTIFICATE')
    throw malformed(`${what} is ${block?.label ?? 'empty'}, want one CERTIFICATE`);
  return block.bytes;
}

/** Lower case, as the log signed it: a text that was never signed is not evidence, even when it means the same. */
function logId(text: string): Uint8Array {
  if (text !== text.toLowerCase()) throw malformed('Payload.logID is not in lower-case hex');
  return checked('EVIDENCE_MALFORMED', 'Payload.logID', () => decodeHex(text));
}

/** @throws VerificationError EVIDENCE_MALFORMED */
export function base64Annotation(what: string, text: string): Uint8Array {
  return checked('EVIDENCE_MALFORMED', what, () => decodeBase64(text));
}

function textField(
  parent: JsonObject,
  field: string,
  where = `annotation ${legacyAnnotations.bundle}`,
): string {
  const value = Object.hasOwn(parent, field) ? parent[field] : undefined;
  if (typeof value !== 'string' || value === '') throw malformed(`${field} in ${where} is no text`);
  return value;
}

function natural(parent: JsonObject, field: string): number {
  const value = Object.hasOwn(parent, field) ? parent[field] : undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(`${field} in annotation ${legacyAnnotations.bundle} is no natural number`);
  }
  return value;
}

function malformed(message: string): VerificationError {
  return new VerificationError('EVIDENCE_MALFORMED', message);
}
