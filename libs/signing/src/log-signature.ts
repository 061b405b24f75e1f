import type { TransparencyLogEntry } from '@sigstead/bundle';
import type { RekorLogEntry } from '@sigstead/client';
import { sha256 } from '@sigstead/crypto';
import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
  type JsonObject,
} from '@sigstead/encoding';
import {
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  parseCanonicalBody,
  parseRekorEntryId,
} from '@sigstead/tlog';
import type { Certificate } from '@sigstead/x509';
import { callStep, readAnswer, SigningError } from './errors.ts';
import type { SigningServices } from './services.ts';

/** An entry as the log answered it and in the form of bundles. */
export interface LoggedSignature {
  /** 80 hex digits, by which the log finds the entry. */
  readonly entryUuid: string;
  readonly entry: TransparencyLogEntry;
}

/**
 * Logs a signature over `payload`. What comes back is read, not yet verified.
 *
 * @throws SigningError of step `log`
 */
export async function logSignature(
  { rekor }: SigningServices,
  payload: Uint8Array,
  signature: Uint8Array,
  certificate: Certificate,
): Promise<LoggedSignature> {
  const proposed = proposedHashedRekord(payload, signature, certificate);
  const answered = await callStep('log', () => rekor.create(proposed));
  return toLoggedSignature(answered);
}

/** hashedrekord 0.0.1 over the SHA-256 of the payload, as a client proposes it. */
export function proposedHashedRekord(
  payload: Uint8Array,
  signature: Uint8Array,
  certificate: Certificate,
): JsonObject {
  return {
    apiVersion: HASHED_REKORD_VERSION,
    kind: HASHED_REKORD_KIND,
    spec: {
      data: { hash: { algorithm: 'sha256', value: encodeHex(sha256(payload)) } },
      signature: {
        content: encodeBase64(signature),
        publicKey: { content: encodeBase64(encodeUtf8(certificate.toPem())) },
      },
    },
  };
}

/**
 * A Rekor v1 entry in the form of bundles. Its ID must be that of its body: it is what people will look for in the log.
 *
 * @throws SigningError ANSWER_INVALID
 */
export function toLoggedSignature(answered: RekorLogEntry): LoggedSignature {
  const { inclusionProof, signedEntryTimestamp } = answered.verification;
  const { entry, leafHash } = readAnswer('log', 'entry of the log', () => {
    const canonicalizedBody = decodeBase64(answered.body);
    const frame = parseCanonicalBody(canonicalizedBody);
    return {
      leafHash: parseRekorEntryId(answered.uuid).leafHash,
      entry: {
        logIndex: BigInt(answered.logIndex),
        logId: decodeHex(answered.logID),
        kind: frame.kind,
        kindVersion: frame.apiVersion,
        integratedTimeSeconds: BigInt(answered.integratedTime),
        inclusionPromise: decodeBase64(signedEntryTimestamp),
        inclusionProof: {
          logIndex: BigInt(inclusionProof.logIndex),
          rootHash: decodeHex(inclusionProof.rootHash),
          treeSize: BigInt(inclusionProof.treeSize),
          hashes: inclusionProof.hashes.map(decodeHex),
          checkpoint: inclusionProof.checkpoint,
        },
        canonicalizedBody,
      },
    };
  });
  // RFC 6962 leaf hash
  if (!equalBytes(leafHash, sha256(Uint8Array.of(0), entry.canonicalizedBody))) {
    throw new SigningError(
      'log',
      'ANSWER_INVALID',
      'entry of the log goes by an ID that is not that of its body',
    );
  }
  return { entryUuid: answered.uuid, entry };
}
