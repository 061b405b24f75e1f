import { KeyError, PublicKey } from '@sigstead/crypto';
import { decodePem, decodeUtf8, EncodingError, encodePem, type PemBlock } from '@sigstead/encoding';
import { Certificate, X509Error } from '@sigstead/x509';
import { verifyCertificateChain } from './certificate-chain.ts';
import { TlogError } from './errors.ts';

const MAX_PEM_LENGTH = 128 * 1024;
/** Characters of base64 that {@link MAX_PEM_LENGTH} needs, line breaks included. */
export const MAX_VERIFIER_LENGTH = 176 * 1024;
const MAX_CHAIN = 10;
const HASHED_REKORD_FIELD = 'signature.publicKey.content';

/** Key or certificate that verifies an entry's signature (Rekor's x509 key format). No trust follows from it. */
export interface X509Verifier {
  readonly publicKey: PublicKey;
  /** The leaf, undefined for a bare key. */
  readonly certificate: Certificate | undefined;
  /** Leaf first; empty for a bare key. */
  readonly chain: readonly Certificate[];
  /** What the log stores: headers dropped, 64 columns, line feeds, final line feed. */
  readonly canonicalPem: string;
}

/**
 * Reads PEM: one PUBLIC KEY, one CERTIFICATE, or a chain of up to 10 certificates, leaf first. A single certificate is
 * not checked for trust, expiry or usage; a chain must lead from its leaf to its last certificate.
 *
 * @throws TlogError VERIFIER on anything else, or a key the gate refuses
 */
export function parseX509Verifier(pem: string, field = HASHED_REKORD_FIELD): X509Verifier {
  const verifier = parseUncheckedVerifier(pem, field);
  guarded(field, () => verifyCertificateChain(verifier.chain));
  return verifier;
}

/**
 * As {@link parseX509Verifier}, but certificates after the leaf are only read: Rekor checks chains in hashedrekord and in no
 * other type, and stores whatever follows the leaf.
 *
 * @throws TlogError VERIFIER
 */
export function parseUncheckedVerifier(pem: string, field: string): X509Verifier {
  if (pem.length > MAX_PEM_LENGTH) {
    throw new TlogError(
      'VERIFIER',
      `public key of ${pem.length} characters, at most ${MAX_PEM_LENGTH} are taken`,
      { field },
    );
  }
  return guarded(field, () => {
    const blocks = decodePem(pem.trim(), { maxBlocks: MAX_CHAIN });
    switch (blocks[0]?.label) {
      case 'PUBLIC KEY':
        return readPublicKey(blocks);
      case 'CERTIFICATE':
        return readCertificates(blocks);
      default:
        throw refused('public key is neither a PUBLIC KEY nor a CERTIFICATE');
    }
  });
}

/** @throws TlogError VERIFIER unless the bytes are text */
export function decodeVerifierPem(pem: Uint8Array, field: string): string {
  try {
    return decodeUtf8(pem);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new TlogError('VERIFIER', 'invalid public key: not PEM', { cause, field });
  }
}

function readPublicKey(blocks: readonly PemBlock[]): X509Verifier {
  const [block] = blocks;
  if (block === undefined || blocks.length !== 1)
    throw refused(`${blocks.length} PEM blocks, want one PUBLIC KEY`);
  const publicKey = PublicKey.fromSpki(block.bytes);
  return {
    publicKey,
    certificate: undefined,
    chain: [],
    canonicalPem: encodePem('PUBLIC KEY', publicKey.spki),
  };
}

function readCertificates(blocks: readonly PemBlock[]): X509Verifier {
  if (blocks.some((block) => block.label !== 'CERTIFICATE')) {
    throw refused('a certificate chain holds something else than certificates');
  }
  const chain = blocks.map((block) => Certificate.parse(block.bytes));
  const [certificate] = chain;
  if (certificate === undefined) throw refused('empty certificate chain');
  const { publicKey } = certificate;
  const canonicalPem = chain.map((link) => encodePem('CERTIFICATE', link.raw)).join('');
  return { publicKey, certificate, chain, canonicalPem };
}

/** Malformed keys and certificates are the sender's fault, whichever library found out. */
function guarded<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TlogError) throw new TlogError(cause.code, cause.message, { cause, field });
    if (!(cause instanceof EncodingError || cause instanceof KeyError || cause instanceof X509Error))
      throw cause;
    throw new TlogError('VERIFIER', `invalid public key: ${cause.message}`, { cause, field });
  }
}

function refused(message: string): TlogError {
  return new TlogError('VERIFIER', message);
}
