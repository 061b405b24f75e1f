import { encodeHex, equalBytes } from '@sigstead/encoding';
import { sha256 } from '@sigstead/crypto';
import { Certificate, precertificateTbs, verifyChain, X509Error } from '@sigstead/x509';
import { LruCache } from '../engine/lru-cache.ts';
import { CtError } from './errors.ts';

/** A precertificate whose chain holds. */
export interface VerifiedPrecertificate {
  readonly precertificate: Certificate;
  /** TBSCertificate without the poison, the bytes that are logged. */
  readonly tbs: Uint8Array;
  /** SHA-256 of the issuer's SPKI. */
  readonly issuerKeyHash: Uint8Array;
  /** Issuing CA first, root last. */
  readonly issuers: readonly Certificate[];
}

/** EKU of a certificate made only to sign precertificates; what it signs names another issuer than the final certificate. */
const PRECERT_SIGNING = '1.3.6.1.4.1.11129.2.4.4';
const KNOWN_AUTHORITIES = 256;

/** Decides which chains a log takes (RFC 6962 section 3.1): those that end in one of its roots. */
export class ChainVerifier {
  readonly #roots: readonly Certificate[];
  readonly #extendedKeyUsages: readonly string[];
  /** CA certificates of chains that held, by fingerprint: as the same objects their links need no second verification. */
  readonly #authorities = new LruCache<Certificate>(KNOWN_AUTHORITIES);

  constructor(roots: readonly Certificate[], extendedKeyUsages: readonly string[]) {
    this.#roots = roots;
    this.#extendedKeyUsages = extendedKeyUsages;
    for (const root of roots) this.#remember(root);
  }

  get roots(): readonly Certificate[] {
    return this.#roots;
  }

  /**
   * Checks in order: parse, poison, usage, way to a root, signatures. Expiry is judged at the leaf's own notBefore: an old
   * certificate may be logged late.
   *
   * @param chain DER, leaf first; the root may be left out
   * @throws CtError CHAIN
   */
  verifyPrecertificate(chain: readonly Uint8Array[]): VerifiedPrecertificate {
    try {
      const precertificate = Certificate.parse(chain[0] as Uint8Array);
      const tbs = precertificateTbs(precertificate, 'precertificate');
      const issuers = this.#pathToRoot(
        precertificate,
        chain.slice(1).map((der) => this.#authority(der)),
      );
      const issuer = issuers[0] as Certificate;
      if (issuer.extendedKeyUsages.includes(PRECERT_SIGNING)) {
        throw new CtError('CHAIN', 'precertificate signing certificates are not taken');
      }
      const path = verifyChain(precertificate, issuers, precertificate.notBefore, {
        extendedKeyUsage: this.#usageOf(precertificate),
        target: 'precertificate',
      });
      if (path.length !== issuers.length + 1) {
        throw new CtError('CHAIN', 'chain[1] is not the issuer of the precertificate');
      }
      issuers.forEach((authority) => this.#remember(authority));
      return { precertificate, tbs, issuerKeyHash: issuer.spkiHash, issuers };
    } catch (cause) {
      if (!(cause instanceof X509Error)) throw cause;
      throw new CtError('CHAIN', `the chain does not hold: ${cause.message}`, { cause });
    }
  }

  #usageOf(leaf: Certificate): string {
    const usage = this.#extendedKeyUsages.find((wanted) => leaf.extendedKeyUsages.includes(wanted));
    if (usage !== undefined) return usage;
    throw new CtError(
      'CHAIN',
      `the precertificate lists none of the usages ${this.#extendedKeyUsages.join(', ')}`,
    );
  }

  /** The submitted issuers, completed by the configured root they lead to. */
  #pathToRoot(leaf: Certificate, submitted: readonly Certificate[]): readonly Certificate[] {
    const last = submitted.at(-1) ?? leaf;
    const isRoot = this.#roots.some((root) => equalBytes(root.raw, last.raw));
    if (isRoot && submitted.length > 0) return submitted;
    const above = this.#roots.filter((root) => equalBytes(root.subject, last.issuer));
    const root = above.find((candidate) => isIssuerByKeyId(last, candidate)) ?? above[0];
    if (root === undefined) throw new CtError('CHAIN', 'the chain does not lead to a root of this log');
    return [...submitted, root];
  }

  #authority(der: Uint8Array): Certificate {
    return this.#authorities.get(fingerprint(der)) ?? Certificate.parse(der);
  }

  #remember(authority: Certificate): void {
    const key = fingerprint(authority.raw);
    if (this.#authorities.get(key) === undefined) this.#authorities.set(key, authority, 1);
  }
}

function isIssuerByKeyId(certificate: Certificate, issuer: Certificate): boolean {
  const [want, got] = [certificate.authorityKeyIdentifier, issuer.subjectKeyIdentifier];
  return want !== undefined && got !== undefined && equalBytes(want, got);
}

function fingerprint(der: Uint8Array): string {
  return encodeHex(sha256(der));
}
