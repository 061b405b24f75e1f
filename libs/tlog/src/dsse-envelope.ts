import {
  concatBytes,
  decodeBase64Lenient,
  EncodingError,
  encodeUtf8,
  parseJson,
  type JsonValue,
} from '@sigstead/encoding';
import { TlogError } from './errors.ts';
import { SpecReader } from './spec-reader.ts';

/** Rekor has no bound here; every signature is tried with every key, so the work must have one. */
export const MAX_ENVELOPE_SIGNATURES = 8;
const MAX_SIGNATURE_LENGTH = 4096;
export const MAX_PAYLOAD_TYPE_LENGTH = 1024;
export const MAX_KEY_ID_LENGTH = 1024;
const MAX_DEPTH = 16;

/** A DSSE envelope (secure-systems-lab/dsse, envelope.md), its shape checked, nothing verified. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** 1 to {@link MAX_ENVELOPE_SIGNATURES}. */
  readonly signatures: readonly EnvelopeSignature[];
}

export interface EnvelopeSignature {
  /** Undefined when absent or empty. */
  readonly keyId: string | undefined;
  /** Base64 as it stands in the envelope. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads an envelope from its JSON text; unknown fields are ignored.
 *
 * @param text its length is bounded by the caller
 * @param field names the text in errors
 * @throws TlogError SPEC
 */
export function parseDsseEnvelope(text: string, field: string): DsseEnvelope {
  const envelope = SpecReader.of(parseEnvelopeJson(text, field));
  const payloadType = envelope.text('payloadType', MAX_PAYLOAD_TYPE_LENGTH);
  const payload = decodeEnvelopeBase64(envelope.optionalText('payload', text.length) ?? '', 'payload');
  const signatures = envelope
    .objectList('signatures', { min: 1, max: MAX_ENVELOPE_SIGNATURES })
    .map((signature) => {
      const sig = signature.text('sig', MAX_SIGNATURE_LENGTH);
      return {
        keyId: signature.optionalText('keyid', MAX_KEY_ID_LENGTH),
        text: sig,
        bytes: decodeEnvelopeBase64(sig, signature.at('sig')),
      };
    });
  return { payloadType, payload, signatures };
}

/**
 * What is signed: `DSSEv1 <length> <payloadType> <length> <payload>`, lengths in bytes (DSSE protocol.md, PAE).
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = encodeUtf8(payloadType);
  return concatBytes(encodeUtf8(`DSSEv1 ${type.length} `), type, encodeUtf8(` ${payload.length} `), payload);
}

/**
 * Base64 inside an envelope: either alphabet, as DSSE demands of readers.
 *
 * @throws TlogError SPEC
 */
export function decodeEnvelopeBase64(text: string, field: string): Uint8Array {
  try {
    return decodeBase64Lenient(text.replace(/[\r\n]/g, ''));
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('SPEC', `${field} in the envelope is not base64`, { cause, field });
  }
}

function parseEnvelopeJson(text: string, field: string): JsonValue {
  try {
    // In characters, which the caller has counted.
    return parseJson(text, { maxBytes: text.length, maxDepth: MAX_DEPTH });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('SPEC', `${field} in body is no DSSE envelope: ${cause.message}`, { cause, field });
  }
}
