import {
  concatBytes,
  derOctetString,
  DerReader,
  TlsReader,
  tlsU16,
  tlsU64,
  tlsU8,
  tlsVector16,
  tlsVector24,
} from '@sigstead/encoding';
import type { Certificate } from './certificate.ts';
import { decoding, X509Error } from './errors.ts';
import type { Extension } from './extension.ts';
import { oids } from './oids.ts';

/** HashAlgorithm and SignatureAlgorithm of TLS 1.2 (RFC 5246 section 7.4.1.4.1), as far as RFC 6962 uses them. */
export const SCT_HASH_SHA256 = 4;
export const SCT_SIGNATURE_RSA = 1;
export const SCT_SIGNATURE_ECDSA = 3;

const MAX_SCTS = 16;

/**
 * RFC 6962 section 3.2:
 *
 *     struct {
 *         Version sct_version;                 // 0
 *         LogID id;                            // opaque key_id[32]
 *         uint64 timestamp;
 *         CtExtensions extensions;             // opaque <0..2^16-1>
 *         digitally-signed struct { ... };     // hash, signature algorithm, opaque <0..2^16-1>
 *     } SignedCertificateTimestamp;
 */
export interface SignedCertificateTimestamp {
  readonly version: 0;
  /** SHA-256 of the log's SPKI, 32 bytes. */
  readonly logId: Uint8Array;
  /** Since 1970, without leap seconds. */
  readonly timestampMs: bigint;
  /** Opaque; a static log writes its leaf index here. Signed, so carried unchanged. */
  readonly extensions: Uint8Array;
  readonly hashAlgorithm: number;
  readonly signatureAlgorithm: number;
  readonly signature: Uint8Array;
}

/** @throws X509Error SCT_MALFORMED when a field does not fit its width */
export function encodeSct(sct: SignedCertificateTimestamp): Uint8Array {
  if (sct.logId.length !== 32)
    throw new X509Error('SCT_MALFORMED', `log ID of ${sct.logId.length} bytes, want 32`);
  return decoding('SCT_MALFORMED', 'SCT', () =>
    concatBytes(
      tlsU8(sct.version),
      sct.logId,
      tlsU64(sct.timestampMs),
      tlsVector16(sct.extensions),
      tlsU8(sct.hashAlgorithm),
      tlsU8(sct.signatureAlgorithm),
      tlsVector16(sct.signature),
    ),
  );
}

/**
 * One SCT, without its length.
 *
 * @throws X509Error SCT_MALFORMED on another version, short or trailing data
 */
export function parseSct(bytes: Uint8Array): SignedCertificateTimestamp {
  return decoding('SCT_MALFORMED', 'SCT', () => {
    const reader = new TlsReader(bytes);
    const version = reader.u8();
    if (version !== 0) throw new X509Error('SCT_MALFORMED', `SCT of version ${version}, want 0`);
    const sct = {
      version: 0 as const,
      logId: reader.bytes(32),
      timestampMs: reader.u64(),
      extensions: reader.vector16(),
      hashAlgorithm: reader.u8(),
      signatureAlgorithm: reader.u8(),
      signature: reader.vector16(),
    };
    reader.end();
    return sct;
  });
}

/** `SignedCertificateTimestampList`: vectors of SCTs in a vector (RFC 6962 section 3.3). */
export function encodeSctList(scts: readonly SignedCertificateTimestamp[]): Uint8Array {
  if (scts.length === 0 || scts.length > MAX_SCTS) {
    throw new X509Error('SCT_MALFORMED', `list of ${scts.length} SCTs, want 1 to ${MAX_SCTS}`);
  }
  return decoding('SCT_MALFORMED', 'SCT list', () =>
    tlsVector16(concatBytes(...scts.map((sct) => tlsVector16(encodeSct(sct))))),
  );
}

/**
 * @param bytes the TLS list, that is the content of the inner OCTET STRING of the extension
 * @throws X509Error SCT_MALFORMED on an empty list, short or trailing data; LIMIT above 16 SCTs
 */
export function parseSctList(bytes: Uint8Array): SignedCertificateTimestamp[] {
  return decoding('SCT_MALFORMED', 'SCT list', () => {
    const outer = new TlsReader(bytes);
    const list = new TlsReader(outer.vector16());
    outer.end();
    const scts: SignedCertificateTimestamp[] = [];
    while (!list.done) {
      if (scts.length === MAX_SCTS) throw new X509Error('LIMIT', `more than ${MAX_SCTS} SCTs`);
      scts.push(parseSct(list.vector16()));
    }
    if (scts.length === 0) throw new X509Error('SCT_MALFORMED', 'SCT list is empty');
    return scts;
  });
}

/** Extension 1.3.6.1.4.1.11129.2.4.2, not critical: an OCTET STRING around the TLS list. */
export function sctListExtension(scts: readonly SignedCertificateTimestamp[]): Extension {
  return { oid: oids.sctList, critical: false, value: derOctetString(encodeSctList(scts)) };
}

/**
 * SCTs inside a certificate, in order; none when it has no SCT list.
 *
 * @throws X509Error SCT_MALFORMED, LIMIT
 */
export function embeddedScts(certificate: Certificate): SignedCertificateTimestamp[] {
  const extension = certificate.extension(oids.sctList);
  if (extension === undefined) return [];
  const list = decoding('SCT_MALFORMED', 'SCT list', () => {
    const reader = new DerReader(extension.value);
    const content = reader.octetString();
    reader.end();
    return content;
  });
  return parseSctList(list);
}

/**
 * What a log signs for a precertificate (RFC 6962 section 3.2): version, certificate_timestamp, time, precert_entry,
 * issuer key hash, TBSCertificate without poison and SCT list, extensions.
 *
 * @param input.issuerKeyHash SHA-256 of the issuing CA's SPKI, 32 bytes
 * @throws X509Error SCT_MALFORMED when a field does not fit its width
 */
export function sctSignatureInput(input: {
  readonly timestampMs: bigint;
  readonly issuerKeyHash: Uint8Array;
  readonly tbs: Uint8Array;
  readonly extensions: Uint8Array;
}): Uint8Array {
  if (input.issuerKeyHash.length !== 32) {
    throw new X509Error('SCT_MALFORMED', `issuer key hash of ${input.issuerKeyHash.length} bytes, want 32`);
  }
  return signatureInput(input.timestampMs, PRECERT_ENTRY, [input.issuerKeyHash, input.tbs], input.extensions);
}

/**
 * What a log signs for a final certificate, submitted to add-chain (RFC 6962 section 3.2, x509_entry).
 *
 * @throws X509Error SCT_MALFORMED when a field does not fit its width
 */
export function certificateSctSignatureInput(input: {
  readonly timestampMs: bigint;
  readonly certificate: Uint8Array;
  readonly extensions: Uint8Array;
}): Uint8Array {
  return signatureInput(input.timestampMs, X509_ENTRY, [input.certificate], input.extensions);
}

const X509_ENTRY = 0;
const PRECERT_ENTRY = 1;

/** The last part of the entry has a length of 24 bits, what stands before it has none. */
function signatureInput(
  timestampMs: bigint,
  entryType: number,
  entry: readonly Uint8Array[],
  extensions: Uint8Array,
): Uint8Array {
  return decoding('SCT_MALFORMED', 'SCT signature input', () =>
    concatBytes(
      tlsU8(0),
      tlsU8(0),
      tlsU64(timestampMs),
      tlsU16(entryType),
      ...entry.slice(0, -1),
      tlsVector24(entry.at(-1) ?? new Uint8Array()),
      tlsVector16(extensions),
    ),
  );
}
