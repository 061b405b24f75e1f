import type { PublicKey } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { isValidAt, oids, verifyChain, X509Error, type Certificate } from '@sigstead/x509';
import { TimestampError } from './errors.ts';

/**
 * Whether these certificates can stand behind a timestamp made at a moment (RFC 3161 section 2.3, and what Sigstore's
 * authority asks of its chain at start). Links once verified are remembered: asking again costs next to nothing.
 *
 * @param chain signer's certificate first, self-signed root last, two or more
 * @param key the signer's
 * @throws TimestampError CHAIN, naming the certificate and the reason
 */
export function verifySignerChain(chain: readonly Certificate[], key: PublicKey, at: Date): void {
  const leaf = verifyLength(chain);
  verifyPath(leaf, chain.slice(1), at, 'root');
  verifySoleCriticalUsage(leaf);
  chain.slice(1, -1).forEach(verifyIntermediateUsage);
  verifyKey(leaf, key);
}

/**
 * Whether the certificates of an authority could stand behind a timestamp at a moment, for verifying one. An intermediate
 * need not list timeStamping when it restricts nothing. The last one is the anchor, be it a root, an intermediate or the signer's
 * alone: whoever put it into the trusted root vouches for it. Links once verified are remembered.
 *
 * @param chain signer's certificate first, trust anchor last
 * @throws TimestampError CHAIN, naming the certificate and the reason
 */
export function verifyAuthorityChain(chain: readonly Certificate[], at: Date): void {
  const [leaf, ...above] = chain;
  if (leaf === undefined) throw new TimestampError('CHAIN', 'timestamp chain is empty');
  if (above.length === 0) verifyAnchor(leaf, at);
  else verifyPath(leaf, above, at, 'any');
  verifySoleCriticalUsage(leaf);
}

function verifyLength(chain: readonly Certificate[]): Certificate {
  const [leaf] = chain;
  if (leaf === undefined || chain.length < 2) {
    throw new TimestampError(
      'CHAIN',
      `timestamp chain of ${chain.length} certificates, want the signer's and what stands above it`,
    );
  }
  return leaf;
}

function verifyPath(
  leaf: Certificate,
  above: readonly Certificate[],
  at: Date,
  trustAnchor: 'root' | 'any',
): void {
  let length: number;
  try {
    length = verifyChain(leaf, above, at, { extendedKeyUsage: oids.timeStamping, trustAnchor }).length;
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause;
    throw new TimestampError('CHAIN', `timestamp chain: ${cause.message}`, { cause });
  }
  if (length !== above.length + 1) {
    throw new TimestampError(
      'CHAIN',
      'timestamp chain holds certificates that do not belong to the path from signer to root',
    );
  }
}

/** What {@link verifyPath} asks of a leaf, without anything above it. */
function verifyAnchor(leaf: Certificate, at: Date): void {
  if (leaf.isCa) refuse(leaf, 'is a CA certificate, want an end entity');
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes('digitalSignature')) {
    refuse(leaf, 'key usage lacks digitalSignature');
  }
  if (!isValidAt(leaf, at)) {
    refuse(
      leaf,
      `valid from ${leaf.notBefore.toISOString()} until ${leaf.notAfter.toISOString()}, asked at ${at.toISOString()}`,
    );
  }
  if (!leaf.extendedKeyUsages.includes(oids.timeStamping)) {
    refuse(leaf, `extended key usages [${leaf.extendedKeyUsages.join(', ')}] lack ${oids.timeStamping}`);
  }
  if (leaf.unknownCriticalExtensions.length > 0) {
    refuse(leaf, `unknown critical extension ${leaf.unknownCriticalExtensions.join(', ')}`);
  }
}

/** Verifiers refuse a timestamp whose signer may sign anything else. */
function verifySoleCriticalUsage(leaf: Certificate): void {
  const usages = leaf.extendedKeyUsages;
  if (usages.length !== 1) {
    refuse(leaf, `${usages.length} extended key usages, want timeStamping alone`);
  }
  if (leaf.extension(oids.extendedKeyUsage)?.critical !== true) {
    refuse(leaf, 'extended key usage is not critical');
  }
}

function verifyIntermediateUsage(intermediate: Certificate): void {
  if (!intermediate.extendedKeyUsages.includes(oids.timeStamping)) {
    refuse(intermediate, 'extended key usages lack timeStamping, which an intermediate must list');
  }
}

function verifyKey(leaf: Certificate, key: PublicKey): void {
  if (!equalBytes(leaf.publicKey.spki, key.spki)) {
    throw new TimestampError(
      'CHAIN',
      `the timestamp key does not belong to ${leaf.describe()}, the first certificate of the chain`,
    );
  }
}

function refuse(certificate: Certificate, reason: string): never {
  throw new TimestampError('CHAIN', `${certificate.describe()}: ${reason}`);
}
