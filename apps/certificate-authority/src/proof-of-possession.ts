import {
  assertStrongKey,
  defaultHash,
  KeyError,
  parseSignatureAlgorithm,
  PublicKey,
  verifyMessage,
  type HashAlgorithm,
} from '@sigstead/crypto';
import { decodePem, decodeUtf8, DerReader, EncodingError, encodeUtf8 } from '@sigstead/encoding';
import { verifyCertificateSigningRequest, X509Error } from '@sigstead/x509';
import { IssuanceError } from './issuance-error.ts';
import type { CertificateSigningRequestBytes, PublicKeyRequest } from './signing-request.ts';

/** A key its sender has shown to hold, and the hash the proof was made with. */
export interface ProvenKey {
  readonly publicKey: PublicKey;
  readonly hash: HashAlgorithm;
}

/** Texts of Fulcio, word for word. */
const UNPARSABLE_KEY = 'The public key supplied in the request could not be parsed';
const INSECURE_KEY = 'The public key supplied in the request is insecure';
const UNPARSABLE_REQUEST = 'The certificate signing request could not be parsed';
const WRONG_SIGNATURE = 'The signature supplied in the request could not be verified';

const REQUEST_LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'];

/**
 * Key, its strength, then the signature over one of the subjects (Fulcio, "Proof of possession"): PKCS#1 v1.5 or ECDSA with the
 * hash of the key's size, or pure Ed25519.
 *
 * @param subjects any one of which had to be signed, as UTF-8
 * @throws IssuanceError PUBLIC_KEY, WEAK_KEY, PROOF
 */
export function verifyProofOfPossession(request: PublicKeyRequest, subjects: readonly string[]): ProvenKey {
  const publicKey = parsePublicKey(request.content);
  assertStrong(publicKey);
  const hash = defaultHash(publicKey.type);
  const isSigned = (subject: string): boolean =>
    verifyMessage(publicKey, hash, encodeUtf8(subject), request.proofOfPossession);
  if (!subjects.some(isSigned)) {
    throw new IssuanceError('PROOF', WRONG_SIGNATURE);
  }
  return { publicKey, hash };
}

/**
 * Only the key of a certificate signing request is used; its names and extensions are not what the CA certifies.
 *
 * @throws IssuanceError SIGNING_REQUEST, WEAK_KEY, PROOF
 */
export function verifySigningRequest(request: CertificateSigningRequestBytes): ProvenKey {
  try {
    const der = requestFromPem(request.content);
    const { publicKey } = verifyCertificateSigningRequest(der);
    assertStrong(publicKey);
    return { publicKey, hash: requestHash(der) };
  } catch (cause) {
    if (isWeak(cause)) throw new IssuanceError('WEAK_KEY', INSECURE_KEY, { cause });
    if (cause instanceof X509Error && cause.code === 'SIGNATURE')
      throw new IssuanceError('PROOF', WRONG_SIGNATURE, { cause });
    if (cause instanceof X509Error || cause instanceof EncodingError || cause instanceof KeyError) {
      throw new IssuanceError('SIGNING_REQUEST', UNPARSABLE_REQUEST, { cause });
    }
    throw cause;
  }
}

/** PEM text as clients send it; anything else is taken for DER. */
function parsePublicKey(content: Uint8Array): PublicKey {
  try {
    return startsLikePem(content) ? PublicKey.fromPem(decodeUtf8(content)) : PublicKey.fromSpki(content);
  } catch (cause) {
    if (isWeak(cause)) throw new IssuanceError('WEAK_KEY', INSECURE_KEY, { cause });
    if (cause instanceof KeyError || cause instanceof EncodingError)
      throw new IssuanceError('PUBLIC_KEY', UNPARSABLE_KEY, { cause });
    throw cause;
  }
}

/** DER of a public key starts with 0x30, which is the digit 0 and starts no PEM. */
function startsLikePem(content: Uint8Array): boolean {
  return content[0] !== 0x30;
}

function assertStrong(publicKey: PublicKey): void {
  try {
    assertStrongKey(publicKey);
  } catch (cause) {
    if (!(cause instanceof KeyError)) throw cause;
    throw new IssuanceError('WEAK_KEY', INSECURE_KEY, { cause });
  }
}

/** Whether the key gate found a key that could be read but not trusted, itself or below the error of a request. */
function isWeak(error: unknown): boolean {
  const reason = error instanceof X509Error ? error.cause : error;
  return reason instanceof KeyError && reason.code === 'KEY_WEAK';
}

function requestFromPem(content: Uint8Array): Uint8Array {
  const [block] = decodePem(decodeUtf8(content), { maxBlocks: 1 });
  if (block !== undefined && REQUEST_LABELS.includes(block.label)) return block.bytes;
  throw new EncodingError(
    'PEM',
    `PEM block ${block?.label ?? 'missing'}, want ${REQUEST_LABELS.join(' or ')}`,
  );
}

// CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature } (RFC 2986 section 4.2)
function requestHash(der: Uint8Array): HashAlgorithm {
  const fields = new DerReader(der).sequence();
  fields.element();
  return parseSignatureAlgorithm(fields.element().raw).hash;
}
