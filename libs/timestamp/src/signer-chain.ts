import type { PublicKey } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { oids, verifyChain, X509Error, type Certificate } from '@sigstead/x509';
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
  verifyPath(leaf, chain.slice(1), at);
  verifySoleCriticalUsage(leaf);
  chain.slice(1, -1).forEach(verifyIntermediateUsage);
  verifyKey(leaf, key);
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

function verifyPath(leaf: Certificate, above: readonly Certificate[], at: Date): void {
  let length: number;
  try {
    length = verifyChain(leaf, above, at, { extendedKeyUsage: oids.timeStamping }).length;
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

/** Verifiers refuse a timestamp whose signer may sign anything else. */
function verifySoleCriticalUsage(leaf: Certificate): void {
  const usages = leaf.extendedKeyUsages;
  if (usages.length !== 1) {
    throw new TimestampError(
      'CHAIN',
      `${leaf.describe()}: ${usages.length} extended key usages, want timeStamping alone`,
    );
  }
  if (leaf.extension(oids.extendedKeyUsage)?.critical !== true) {
    throw new TimestampError('CHAIN', `${leaf.describe()}: extended key usage is not critical`);
  }
}

function verifyIntermediateUsage(intermediate: Certificate): void {
  if (!intermediate.extendedKeyUsages.includes(oids.timeStamping)) {
    throw new TimestampError(
      'CHAIN',
      `${intermediate.describe()}: extended key usages lack timeStamping, which an intermediate must list`,
    );
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
