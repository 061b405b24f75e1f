import { sha256 } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import type { CtSignedEntry } from '@sigstead/tlog';
import {
  Certificate,
  isPrecertificate,
  oids,
  precertificateTbs,
  verifyChain,
  X509Error,
} from '@sigstead/x509';
import { LruCache } from '../engine/lru-cache.ts';
import { CtError } from './errors.ts';
import type { TrustedRoots } from './trusted-roots.ts';

/** What was submitted: a final certificate, or what it will become before it is signed. */
export type LeafKind = CtSignedEntry['type'];

/** A submission whose chain holds. */
export interface VerifiedChain {
  readonly certificate: Certificate;
  /** What is logged of it. */
  readonly signedEntry: CtSignedEntry;
  /** Issuing CA first, root last. */
  readonly issuers: readonly Certificate[];
}

/** Which leaves a log takes, besides what holds for all logs. */
export interface ChainPolicy {
  /** The leaf must list one of them. */
  readonly extendedKeyUsages: readonly string[];
  /** False refuses leaves that have expired. */
  readonly acceptExpired: boolean;
  /** The leaf must end then or later. */
  readonly notAfterStart?: Date | undefined;
  /** The leaf must end earlier. */
  readonly notAfterLimit?: Date | undefined;
}

const KNOWN_AUTHORITIES = 256;

/** Decides which chains a log takes (RFC 6962 section 3.1): those that end in one of its roots. */
export class ChainVerifier {
  readonly #policy: ChainPolicy;
  readonly #clock: () => Date;
  /** CA certificates of chains that held, by fingerprint: as the same objects their links need no second verification. */
  readonly #authorities = new LruCache<Certificate>(KNOWN_AUTHORITIES);

  constructor(policy: ChainPolicy, clock: () => Date) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /**
   * Checks in order: form, kind, dates of the leaf, usage, way to a root, signatures. No dates of CAs are judged: the log records who
   * signed what, and an old or a future chain is as worth recording.
   *
   * @param chain DER, leaf first, at least one; the root may be left out
   * @throws CtError CHAIN
   */
  verify(kind: LeafKind, chain: readonly Uint8Array[], roots: TrustedRoots): VerifiedChain {
    const certificate = at('chain[0]', () => Certificate.parse(chain[0] as Uint8Array));
    assertKind(certificate, kind);
    this.#assertDates(certificate);
    const usages = this.#usagesOf(certificate);
    const submitted = chain
      .slice(1)
      .map((der, i) =>
        at(`chain[${i + 1}]`, () => this.#authorities.get(fingerprint(der)) ?? Certificate.parse(der)),
      );
    assertDistinct(chain);
    assertNoPrecertificateSigner(submitted);
    const paths = candidatePaths(certificate, submitted, roots);
    const issuers = firstThatHolds(
      paths.flatMap((path) => usages.map((usage) => () => verifyPath(kind, certificate, path, usage))),
    );
    issuers.forEach((authority) => this.#remember(authority));
    return { certificate, signedEntry: signedEntryOf(kind, certificate, issuers[0] as Certificate), issuers };
  }

  #assertDates({ notAfter }: Certificate): void {
    const { acceptExpired, notAfterStart, notAfterLimit } = this.#policy;
    const end = notAfter.toISOString();
    const refuse = (reason: string): never => {
      throw new CtError('CHAIN', `chain[0] ends at ${end}, ${reason}`);
    };
    if (!acceptExpired && notAfter.getTime() < this.#clock().getTime())
      refuse('and expired certificates are not taken');
    if (notAfterStart !== undefined && notAfter.getTime() < notAfterStart.getTime())
      refuse(`want ${notAfterStart.toISOString()} or later`);
    if (notAfterLimit !== undefined && notAfter.getTime() >= notAfterLimit.getTime())
      refuse(`want before ${notAfterLimit.toISOString()}`);
  }

  /** Those of the log that the leaf has; whether the CAs above may give them is a matter of each. */
  #usagesOf(leaf: Certificate): readonly string[] {
    const { extendedKeyUsages } = this.#policy;
    const usages = extendedKeyUsages.filter((wanted) => leaf.extendedKeyUsages.includes(wanted));
    if (usages.length > 0) return usages;
    throw new CtError(
      'CHAIN',
      `chain[0] has the usages [${leaf.extendedKeyUsages.join(', ')}], want one of ${extendedKeyUsages.join(', ')}`,
    );
  }

  #remember(authority: Certificate): void {
    const key = fingerprint(authority.raw);
    if (this.#authorities.get(key) === undefined) this.#authorities.set(key, authority, 1);
  }
}

/** RFC 6962 section 3.1: what is poisoned is a precertificate, and goes to add-pre-chain alone. */
function assertKind(certificate: Certificate, kind: LeafKind): void {
  if (kind === 'x509' && isPrecertificate(certificate))
    throw new CtError('CHAIN', 'chain[0] is a precertificate, want add-pre-chain for it');
  if (kind === 'precertificate') at('chain[0]', () => precertificateTbs(certificate, 'precertificate'));
}

/** A self-signed certificate could stand any number of times in a path that holds. */
function assertDistinct(chain: readonly Uint8Array[]): void {
  const seen = new Set<string>();
  chain.forEach((der, i) => {
    const key = fingerprint(der);
    if (seen.has(key)) throw new CtError('CHAIN', `chain[${i}] stands in the chain before`);
    seen.add(key);
  });
}

/** What it signs names another issuer than the final certificate; RFC 6962 admits it, static-ct-api lets a log refuse it. */
function assertNoPrecertificateSigner(submitted: readonly Certificate[]): void {
  submitted.forEach((issuer, i) => {
    if (issuer.extendedKeyUsages.includes(oids.precertificateSigning))
      throw new CtError(
        'CHAIN',
        `chain[${i + 1}] is a precertificate signing certificate, which are not taken`,
      );
  });
}

/** The submitted issuers, with the root they end in or lead to. */
function candidatePaths(
  leaf: Certificate,
  submitted: readonly Certificate[],
  roots: TrustedRoots,
): readonly (readonly Certificate[])[] {
  const last = submitted.at(-1);
  const root = last === undefined ? undefined : roots.sameAs(last);
  if (root !== undefined) return [[...submitted.slice(0, -1), root]];
  const paths = roots.above(last ?? leaf).map((above) => [...submitted, above]);
  if (paths.length === 0) throw new CtError('CHAIN', 'the chain does not lead to a root of this log');
  return paths;
}

/** @throws CtError why the first one, which is the likeliest, does not hold */
function firstThatHolds(attempts: readonly (() => readonly Certificate[])[]): readonly Certificate[] {
  let refused: unknown;
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof CtError)) throw error;
      refused ??= error;
    }
  }
  throw refused;
}

function verifyPath(
  kind: LeafKind,
  leaf: Certificate,
  issuers: readonly Certificate[],
  extendedKeyUsage: string,
): readonly Certificate[] {
  const target = kind === 'precertificate' ? 'precertificate' : 'end-entity';
  const path = at('the chain', () => verifyChain(leaf, issuers, 'any-time', { extendedKeyUsage, target }));
  // A path passes over certificates before the issuer; a submission has none to pass over.
  if (path.length !== issuers.length + 1)
    throw new CtError('CHAIN', 'chain[1] is not the issuer of chain[0]');
  return issuers;
}

function signedEntryOf(kind: LeafKind, certificate: Certificate, issuer: Certificate): CtSignedEntry {
  if (kind === 'x509') return { type: 'x509', certificate: certificate.raw };
  const tbsCertificate = precertificateTbs(certificate, 'precertificate');
  return { type: 'precertificate', issuerKeyHash: issuer.spkiHash, tbsCertificate };
}

function at<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause;
    throw new CtError('CHAIN', `${what} does not hold: ${cause.message}`, { cause });
  }
}

function fingerprint(der: Uint8Array): string {
  return encodeHex(sha256(der));
}
