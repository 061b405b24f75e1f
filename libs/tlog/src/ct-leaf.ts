import { concatBytes, tlsU16, tlsU64, tlsU8, tlsVector16, tlsVector24 } from '@sigstead/encoding';
import { TlogError } from './errors.ts';

const KEY_HASH_SIZE = 32;
const MAX_U64 = (1n << 64n) - 1n;

/** LogEntryType of RFC 6962 section 3.1. */
export const X509_ENTRY = 0;
export const PRECERT_ENTRY = 1;

/** What the log signs and hashes of a submission (RFC 6962 section 3.1, `signed_entry`). */
export type CtSignedEntry =
  | { readonly type: 'x509'; readonly certificate: Uint8Array }
  | {
      readonly type: 'precertificate';
      /** SHA-256 of the issuer's SPKI, 32 bytes. */
      readonly issuerKeyHash: Uint8Array;
      /** DER TBSCertificate without the poison extension. */
      readonly tbsCertificate: Uint8Array;
    };

export interface TimestampedEntry {
  /** Unix milliseconds, 0 <= n < 2^64 */
  readonly timestampMs: bigint;
  readonly signedEntry: CtSignedEntry;
  /** CtExtensions, at most 65535 bytes; for static-ct the leaf index. */
  readonly extensions: Uint8Array;
}

/**
 * ```
 * struct { uint64 timestamp; LogEntryType entry_type;
 *          select (entry_type) { case x509_entry: opaque ASN1Cert<1..2^24-1>;
 *                                case precert_entry: { opaque issuer_key_hash[32]; opaque TBSCertificate<1..2^24-1>; } };
 *          opaque CtExtensions<0..2^16-1>; } TimestampedEntry;      (RFC 6962 section 3.4)
 * ```
 *
 * @throws TlogError CT when a field does not fit
 */
export function encodeTimestampedEntry(entry: TimestampedEntry): Uint8Array {
  if (entry.timestampMs < 0n || entry.timestampMs > MAX_U64) {
    throw new TlogError('CT', `timestamp ${entry.timestampMs} is outside 0..2^64-1`);
  }
  assertLength('extensions', entry.extensions, 0, 0xffff);
  return concatBytes(
    tlsU64(entry.timestampMs),
    encodeSignedEntry(entry.signedEntry),
    tlsVector16(entry.extensions),
  );
}

/** The leaf a CT log hashes: `MerkleTreeLeaf` v1 of type timestamped_entry, 00 00 ‖ TimestampedEntry (section 3.4). */
export function encodeMerkleTreeLeaf(entry: TimestampedEntry): Uint8Array {
  return concatBytes(tlsU8(0), tlsU8(0), encodeTimestampedEntry(entry));
}

function encodeSignedEntry(entry: CtSignedEntry): Uint8Array {
  if (entry.type === 'x509') {
    assertLength('certificate', entry.certificate, 1, 0xffffff);
    return concatBytes(tlsU16(X509_ENTRY), tlsVector24(entry.certificate));
  }
  assertLength('issuer key hash', entry.issuerKeyHash, KEY_HASH_SIZE, KEY_HASH_SIZE);
  assertLength('TBSCertificate', entry.tbsCertificate, 1, 0xffffff);
  return concatBytes(tlsU16(PRECERT_ENTRY), entry.issuerKeyHash, tlsVector24(entry.tbsCertificate));
}

/** @throws TlogError CT when the bytes do not fit the field */
export function assertLength(what: string, bytes: Uint8Array, min: number, max: number): void {
  if (bytes.length < min || bytes.length > max) {
    throw new TlogError(
      'CT',
      `${what} of ${bytes.length} bytes, want ${min === max ? min : `${min} to ${max}`}`,
    );
  }
}
