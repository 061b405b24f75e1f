import { sha256 } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { type Certificate, readFulcioExtensions, X509Error } from '@sigstead/x509';
import { type X509Verifier } from './x509-verifier.ts';

/** Longest key the search API can ask for. A longer name could never be looked up, so it is left out. */
const MAX_KEY_LENGTH = 512;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * One form for keys written and keys asked for: lower case (Rekor's search ignores case), without repeats, without
 * keys that no query can name.
 */
export function normalizeIndexKeys(keys: readonly string[]): string[] {
  const normal = keys.map(normalizeIndexKey).filter(isSearchable);
  return [...new Set(normal)];
}

/** The stored form of one key; apply it to queries as well. */
export function normalizeIndexKey(key: string): string {
  return key.toLowerCase();
}

/** SHA-256 of the canonical PEM in hex: how a key or certificate is asked for. hashedrekord stores it bare, other types as `sha256:<hex>`. */
export function verifierDigest(verifier: X509Verifier): string {
  return encodeHex(sha256(encodeUtf8(verifier.canonicalPem)));
}

/** Every name of the leaf certificate that is read here, and who vouched for it, as {@link issuerIndexKey}. None for a bare key. */
export function certificateIndexKeys({ certificate }: X509Verifier): string[] {
  if (certificate === undefined) return [];
  const names = certificate.subjectAlternativeNames.filter((name) => name.type !== 'unsupported');
  const issuer = tokenIssuerOf(certificate);
  return [...names.map((name) => name.value), ...(issuer === undefined ? [] : [issuerIndexKey(issuer)])];
}

/** Key of the entries whose certificate was issued for a token of this issuer. Ours: stock Rekor cannot be asked for it. */
export function issuerIndexKey(issuer: string): string {
  return `issuer:${issuer}`;
}

/** The issuer in Fulcio's extensions. Certificates of other authorities have none; malformed ones name none. */
function tokenIssuerOf(certificate: Certificate): string | undefined {
  try {
    return readFulcioExtensions(certificate).issuer;
  } catch (error) {
    if (error instanceof X509Error) return undefined;
    throw error;
  }
}

/** NUL and half a character cannot be stored as text and are in no legitimate name. */
function isSearchable(key: string): boolean {
  return key !== '' && key.length <= MAX_KEY_LENGTH && !key.includes('\0') && !LONE_SURROGATE.test(key);
}
