import { type PublicKey, type Signer, verifyMessage } from '@sigstead/crypto';
import { canonicalizeJson, encodeUtf8 } from '@sigstead/encoding';
import { TlogError } from './errors.ts';
import { assertRekorSigner, REKOR_HASH } from './rekor-key.ts';

/** What a Rekor v1 log promises to have logged. */
export interface SetPayload {
  /** Standard base64 of the canonical body. */
  readonly body: string;
  /** Unix seconds. */
  readonly integratedTime: number;
  /** Lower-case hex of SHA-256 over the log key's SPKI. */
  readonly logId: string;
  /** Virtual index, counted over all shards. */
  readonly logIndex: number;
}

/**
 * The signed bytes: RFC 8785 of exactly these four fields (Rekor v1, `signedEntryTimestamp`).
 *
 * @throws TlogError SET on an unsafe or negative number or a log ID that is not 64 hex digits
 */
export function signedEntryTimestampPayload(payload: SetPayload): Uint8Array {
  assertNatural('integratedTime', payload.integratedTime);
  assertNatural('logIndex', payload.logIndex);
  if (!/^[0-9a-f]{64}$/.test(payload.logId))
    throw new TlogError('SET', 'logID is not 64 lower-case hex digits');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(payload.body)) throw new TlogError('SET', 'body is not base64');
  return encodeUtf8(
    canonicalizeJson({
      body: payload.body,
      integratedTime: payload.integratedTime,
      logID: payload.logId,
      logIndex: payload.logIndex,
    }),
  );
}

/**
 * @returns raw signature bytes: ECDSA as DER
 * @throws TlogError SET or SIGNER
 */
export async function signSignedEntryTimestamp(payload: SetPayload, signer: Signer): Promise<Uint8Array> {
  assertRekorSigner(signer);
  return signer.sign(signedEntryTimestampPayload(payload));
}

/**
 * Checks that the holder of the log key promised this entry. The caller has chosen the key by `payload.logId`.
 *
 * @throws TlogError SET or SIGNATURE
 */
export function verifySignedEntryTimestamp(payload: SetPayload, signature: Uint8Array, key: PublicKey): void {
  if (!verifyMessage(key, REKOR_HASH, signedEntryTimestampPayload(payload), signature)) {
    throw new TlogError('SIGNATURE', 'signed entry timestamp does not verify with the log key');
  }
}

function assertNatural(field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new TlogError('SET', `${field} ${value} is not a safe non-negative integer`);
  }
}
