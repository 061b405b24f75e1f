import {
  decodePem,
  encodeBase64,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '@sigstead/encoding';
import type { LegacyLayer } from '@sigstead/oci';

const MAX_ANNOTATION_BYTES = 1024 * 1024;
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
const MAX_CERTIFICATES = 10;

/**
 * A `.sig` layer as `cosign download signature` prints it; of certificates the DER alone. What cannot be read is null, as what is not
 * there: this is no verification.
 */
export function signatureLine({ payload, annotations }: LegacyLayer): string {
  const chain = certificatesIn(annotations['dev.sigstore.cosign/chain']);
  return JSON.stringify({
    Base64Signature: annotations['dev.cosignproject.cosign/signature'] ?? '',
    Payload: encodeBase64(payload),
    Cert: certificatesIn(annotations['dev.sigstore.cosign/certificate'])[0] ?? null,
    Chain: chain.length === 0 ? null : chain,
    Bundle: objectIn(annotations['dev.sigstore.cosign/bundle']),
    RFC3161Timestamp: objectIn(annotations['dev.sigstore.cosign/rfc3161timestamp']),
  });
}

/** A bundle or an envelope as it was stored, on one line; undefined when it is no JSON. */
export function documentLine(bytes: Uint8Array): string | undefined {
  return unlessMalformed(() =>
    JSON.stringify(parseJson(bytes, { maxBytes: MAX_DOCUMENT_BYTES, maxDepth: 64 })),
  );
}

function certificatesIn(pem: string | undefined): { Raw: string }[] {
  if (pem === undefined || pem === '') return [];
  const blocks = unlessMalformed(() => decodePem(pem, { maxBlocks: MAX_CERTIFICATES })) ?? [];
  return blocks.map(({ bytes }) => ({ Raw: encodeBase64(bytes) }));
}

function objectIn(text: string | undefined): JsonObject | null {
  if (text === undefined || text === '') return null;
  const value = unlessMalformed(() => parseJson(text, { maxBytes: MAX_ANNOTATION_BYTES, maxDepth: 8 }));
  return isJsonObject(value) ? value : null;
}

function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}
