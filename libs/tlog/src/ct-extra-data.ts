import { concatBytes, encodeHex, tlsVector24 } from '@sigstead/encoding';
import type { DataTileEntry } from './ct-data-tile.ts';
import { assertLength } from './ct-leaf.ts';
import { TlogError } from './errors.ts';

/**
 * What an RFC 6962 log gives beside a leaf, `extra_data` of section 4.6: for a certificate its chain, for a precertificate the
 * submitted bytes and then the chain.
 *
 * ```
 * opaque ASN1Cert<1..2^24-1>;
 * struct { ASN1Cert pre_certificate;                              (precertificates only)
 *          ASN1Cert certificate_chain<0..2^24-1>; }
 * ```
 *
 * @param issuerOf DER of the issuing certificate with this SHA-256
 * @throws TlogError CT when an issuer is missing or the chain does not fit
 */
export function encodeExtraData(
  entry: Pick<DataTileEntry, 'precertificate' | 'chainFingerprints'>,
  issuerOf: (fingerprint: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const issuers = entry.chainFingerprints.map((fingerprint) => {
    const issuer = issuerOf(fingerprint);
    if (issuer === undefined)
      throw new TlogError('CT', `issuing certificate ${encodeHex(fingerprint)} is missing`);
    return encodeCertificate(issuer);
  });
  const chain = concatBytes(...issuers);
  assertLength('certificate chain', chain, 0, 0xffffff);
  const precertificate = entry.precertificate === undefined ? [] : [encodeCertificate(entry.precertificate)];
  return concatBytes(...precertificate, tlsVector24(chain));
}

function encodeCertificate(der: Uint8Array): Uint8Array {
  assertLength('certificate', der, 1, 0xffffff);
  return tlsVector24(der);
}
