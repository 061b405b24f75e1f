import { concatBytes, EncodingError, TlsReader, tlsVector16, tlsVector24 } from '@sigstead/encoding';
import {
  assertLength,
  type CtSignedEntry,
  encodeTimestampedEntry,
  PRECERT_ENTRY,
  type TimestampedEntry,
  X509_ENTRY,
} from './ct-leaf.ts';
import { TlogError } from './errors.ts';

const FINGERPRINT_SIZE = 32;
const MAX_CHAIN = Math.floor(0xffff / FINGERPRINT_SIZE);
/** Entries of a full data tile. */
const TILE_WIDTH = 256;

/** One entry of a static-ct-api data tile. */
export interface DataTileEntry extends TimestampedEntry {
  /** The submitted precertificate; present exactly for precertificate entries. */
  readonly precertificate?: Uint8Array;
  /** SHA-256 of each issuing certificate, submission order. */
  readonly chainFingerprints: readonly Uint8Array[];
}

/**
 * ```
 * struct { TimestampedEntry timestamped_entry;
 *          select (entry_type) { case x509_entry: Empty; case precert_entry: ASN1Cert pre_certificate; };
 *          Fingerprint certificate_chain<0..2^16-1>; } TileLeaf;      (C2SP static-ct-api)
 * ```
 *
 * @throws TlogError CT when a field does not fit or the precertificate is missing or superfluous
 */
export function encodeDataTileEntry(entry: DataTileEntry): Uint8Array {
  const fingerprints = entry.chainFingerprints;
  if (fingerprints.length > MAX_CHAIN) {
    throw new TlogError('CT', `chain of ${fingerprints.length} certificates, at most ${MAX_CHAIN} fit`);
  }
  fingerprints.forEach((hash) => assertLength('chain fingerprint', hash, FINGERPRINT_SIZE, FINGERPRINT_SIZE));
  return concatBytes(
    encodeTimestampedEntry(entry),
    encodePrecertificate(entry),
    tlsVector16(concatBytes(...fingerprints)),
  );
}

/**
 * The entries of a full or partial data tile, in index order. They are views into `tile`.
 *
 * @throws TlogError CT on malformed or trailing bytes, LIMIT on more than 256 entries
 */
export function parseDataTile(tile: Uint8Array): DataTileEntry[] {
  const reader = new TlsReader(tile);
  const entries: DataTileEntry[] = [];
  while (!reader.done) {
    if (entries.length === TILE_WIDTH)
      throw new TlogError('LIMIT', `data tile with more than ${TILE_WIDTH} entries`);
    entries.push(guarded(() => readEntry(reader)));
  }
  return entries;
}

/** Exactly one entry. @throws TlogError CT */
export function parseDataTileEntry(bytes: Uint8Array): DataTileEntry {
  return guarded(() => {
    const reader = new TlsReader(bytes);
    const entry = readEntry(reader);
    reader.end();
    return entry;
  });
}

function encodePrecertificate({ signedEntry, precertificate }: DataTileEntry): Uint8Array {
  if ((signedEntry.type === 'precertificate') !== (precertificate !== undefined)) {
    throw new TlogError(
      'CT',
      `${signedEntry.type} entry ${precertificate ? 'with a' : 'without its'} precertificate`,
    );
  }
  if (precertificate === undefined) return new Uint8Array();
  assertLength('precertificate', precertificate, 1, 0xffffff);
  return tlsVector24(precertificate);
}

function readEntry(reader: TlsReader): DataTileEntry {
  const timestampMs = reader.u64();
  const signedEntry = readSignedEntry(reader);
  const extensions = reader.vector16();
  const precertificate = signedEntry.type === 'precertificate' ? nonEmpty(reader.vector24()) : undefined;
  const chainFingerprints = readFingerprints(new TlsReader(reader.vector16()));
  const entry = { timestampMs, signedEntry, extensions, chainFingerprints };
  return precertificate === undefined ? entry : { ...entry, precertificate };
}

function readSignedEntry(reader: TlsReader): CtSignedEntry {
  const type = reader.u16();
  switch (type) {
    case X509_ENTRY:
      return { type: 'x509', certificate: nonEmpty(reader.vector24()) };
    case PRECERT_ENTRY:
      return {
        type: 'precertificate',
        issuerKeyHash: reader.bytes(FINGERPRINT_SIZE),
        tbsCertificate: nonEmpty(reader.vector24()),
      };
    default:
      throw new TlogError('CT', `entry type ${type}, want ${X509_ENTRY} or ${PRECERT_ENTRY}`);
  }
}

function readFingerprints(reader: TlsReader): Uint8Array[] {
  const fingerprints: Uint8Array[] = [];
  while (!reader.done) fingerprints.push(reader.bytes(FINGERPRINT_SIZE));
  return fingerprints;
}

function nonEmpty(bytes: Uint8Array): Uint8Array {
  assertLength('certificate', bytes, 1, 0xffffff);
  return bytes;
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('CT', `malformed data tile: ${cause.message}`, { cause });
  }
}
