import type { TransparencyLogEntry } from '@sigstead/bundle';
import {
  decodeBase64,
  decodeHex,
  decodePem,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '@sigstead/encoding';
import type { LegacySignature } from '@sigstead/oci';
import { parseCanonicalBody } from '@sigstead/tlog';
import { checked, VerificationError } from '../errors.ts';
import type { SignatureEvidence } from './signature-evidence.ts';

/** Annotations of a `.sig` layer as cosign writes them. */
export const legacyAnnotations = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  bundle: 'dev.sigstore.cosign/bundle',
} as const;

const MAX_SIGNATURE_TEXT = 16 * 1024;
const MAX_CERTIFICATE_TEXT = 64 * 1024;
const MAX_BUNDLE_TEXT = 1024 * 1024;

/**
 * Evidence of one `.sig` layer. Its bundle annotation carries the log's promise but no inclusion proof: see
 * `withInclusionProof`. Without a bundle annotation there is no log entry, which the verification refuses later.
 *
 * @throws VerificationError EVIDENCE_MALFORMED when an annotation cannot be read, UNSUPPORTED for a signature without
 *   certificate (made with a key of the signer's own)
 */
export function evidenceFromLegacySignature(layer: LegacySignature): SignatureEvidence {
  const { signature, certificate, bundle } = legacyAnnotations;
  const signatureText = annotation(layer, signature, MAX_SIGNATURE_TEXT);
  if (signatureText === undefined) throw malformed(`annotation ${signature} is missing`);
  const certificateText = annotation(layer, certificate, MAX_CERTIFICATE_TEXT);
  if (certificateText === undefined) {
    throw new VerificationError(
      'UNSUPPORTED',
      `no annotation ${certificate}: signatures by a bare key are not judged here`,
    );
  }
  const bundleText = annotation(layer, bundle, MAX_BUNDLE_TEXT);
  return {
    content: { kind: 'simple-signing', payload: layer.payload },
    signature: base64(signature, signatureText),
    certificate: certificateDer(certificateText),
    logEntry: bundleText === undefined ? undefined : readRekorBundle(bundleText),
  };
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
    parseJson(text, { maxBytes: MAX_BUNDLE_TEXT, maxDepth: 4 }),
  );
  if (!isJsonObject(json)) throw malformed(`${what} is no JSON object`);
  const payload = json['Payload'];
  if (payload === undefined || !isJsonObject(payload)) throw malformed(`${what} has no Payload`);
  const canonicalizedBody = base64('Payload.body', textField(payload, 'body'));
  const frame = checked('BODY_MALFORMED', 'body of the log entry', () =>
    parseCanonicalBody(canonicalizedBody),
  );
  return {
    logIndex: BigInt(natural(payload, 'logIndex')),
    logId: logId(textField(payload, 'logID')),
    kind: frame.kind,
    kindVersion: frame.apiVersion,
    integratedTimeSeconds: BigInt(natural(payload, 'integratedTime')),
    inclusionPromise: base64('SignedEntryTimestamp', textField(json, 'SignedEntryTimestamp')),
    canonicalizedBody,
  };
}

function annotation(layer: LegacySignature, name: string, maxLength: number): string | undefined {
  const value = Object.hasOwn(layer.annotations, name) ? layer.annotations[name] : undefined;
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

function base64(what: string, text: string): Uint8Array {
  return checked('EVIDENCE_MALFORMED', what, () => decodeBase64(text));
}

function textField(parent: JsonObject, field: string): string {
  const value = Object.hasOwn(parent, field) ? parent[field] : undefined;
  if (typeof value !== 'string' || value === '')
    throw malformed(`${field} in annotation ${legacyAnnotations.bundle} is no text`);
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
