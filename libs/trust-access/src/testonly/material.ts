import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { serializeTrustedRoot } from '@sigstead/trust';
import type { TrustLog } from '../trust-source.ts';

/** A trusted root of one log with a key of its own. */
export function trustedRoot(baseUrl: string): Uint8Array {
  const key = PrivateKeySigner.generate('P-256').publicKey;
  const log = {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    logId: key.keyId,
    key,
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    validFor: { start: new Date('2026-01-01T00:00:00Z') },
  };
  return encodeUtf8(
    serializeTrustedRoot({ tlogs: [log], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] }),
  );
}

/** Remembers what the operator was told, as `level: message {fields}`. */
export function recordingLog(): TrustLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const line = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  return { lines, info: line('info'), warn: line('warn'), error: line('error') };
}
