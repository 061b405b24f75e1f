import { DerReader, EncodingError, tags } from '@sigstead/encoding';
import { KeyError, PublicKey } from '@sigstead/crypto';
import { decoding, X509Error } from './errors.ts';
import { parseName } from './name.ts';
import { verifySignature } from './signature.ts';

const MAX_BYTES = 64 * 1024;

/** A PKCS #10 request (RFC 2986). Subject and attributes are carried for display: a CA of ours takes neither. */
export interface CertificateSigningRequest {
  readonly publicKey: PublicKey;
  /** DER Name. */
  readonly subject: Uint8Array;
}

/**
 * Parses a request and verifies that its sender holds the key.
 *
 * @param der one CertificationRequest, at most 64 KiB
 * @throws X509Error MALFORMED, LIMIT, PUBLIC_KEY, SIGNATURE_ALGORITHM, SIGNATURE
 */
export function verifyCertificateSigningRequest(der: Uint8Array): CertificateSigningRequest {
  if (der.length > MAX_BYTES) {
    throw new X509Error('LIMIT', `request of ${der.length} bytes, at most ${MAX_BYTES} are taken`);
  }
  return decoding('MALFORMED', 'certificate signing request', () => {
    const outer = new DerReader(der);
    const request = outer.sequence();
    outer.end();
    const info = sequenceElement(request);
    const signatureAlgorithm = sequenceElement(request).raw;
    const signature = request.bitString();
    request.end();
    if (signature.unused !== 0) throw new X509Error('MALFORMED', 'signature is not a whole number of octets');

    const fields = new DerReader(info.content);
    const version = fields.integer();
    if (version !== 0n) throw new X509Error('MALFORMED', `request of version ${version + 1n}, want 1`);
    const subject = sequenceElement(fields).raw;
    parseName(subject);
    const publicKey = gate(sequenceElement(fields).raw);
    fields.read(ATTRIBUTES_TAG);
    fields.end();
    verifySignature(
      publicKey,
      { tbs: info.raw, signatureAlgorithm, signature: signature.bytes },
      'certificate signing request',
    );
    return { publicKey, subject };
  });
}

const ATTRIBUTES_TAG = tags.contextConstructed;

function gate(spki: Uint8Array): PublicKey {
  try {
    return PublicKey.fromSpki(spki);
  } catch (cause) {
    if (!(cause instanceof KeyError) && !(cause instanceof EncodingError)) throw cause;
    throw new X509Error('PUBLIC_KEY', `public key: ${cause.message}`, { cause });
  }
}

function sequenceElement(reader: DerReader): { content: Uint8Array; raw: Uint8Array } {
  if (reader.tag !== tags.sequence)
    throw new X509Error('MALFORMED', 'request holds something other than a SEQUENCE');
  return reader.element();
}
