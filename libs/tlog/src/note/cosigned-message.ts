import { type PublicKey, verifyMessage } from '@sigstead/crypto';
import { concatBytes, encodeUtf8, TlsReader } from '@sigstead/encoding';

const SIGNATURE_SIZE = 64;
const TIMESTAMP_SIZE = 8;
const MAX_TIMESTAMP = (1n << 63n) - 1n;

/**
 * What an Ed25519 cosigner signs (C2SP tlog-cosignature): `cosignature/v1` LF `time <seconds>` LF, then the note's whole text.
 *
 * @param timeSeconds Unix seconds, 0 <= n < 2^63
 */
export function cosignedMessage(timeSeconds: bigint, noteText: Uint8Array): Uint8Array {
  return concatBytes(encodeUtf8(`cosignature/v1\ntime ${timeSeconds}\n`), noteText);
}

/** Unix seconds at which a cosignature was made; undefined when it is none: 8 bytes of time, 64 of signature. */
export function cosignatureTime(signature: Uint8Array): bigint | undefined {
  if (signature.length !== TIMESTAMP_SIZE + SIGNATURE_SIZE) return undefined;
  const time = new TlsReader(signature).u64();
  return time <= MAX_TIMESTAMP ? time : undefined;
}

/** @returns false for a wrong cosignature and for bytes that are none; never throws on them */
export function verifyCosignature(key: PublicKey, noteText: Uint8Array, signature: Uint8Array): boolean {
  const time = cosignatureTime(signature);
  if (time === undefined) return false;
  return verifyMessage(key, 'sha512', cosignedMessage(time, noteText), signature.subarray(TIMESTAMP_SIZE));
}
