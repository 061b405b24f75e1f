import { encodeHex, equalBytes } from '@sigstead/encoding';
import type { Certificate } from './certificate.ts';
import { X509Error, type X509ErrorCode } from './errors.ts';
import { oids } from './oids.ts';
import { verifyCertificateSignature } from './signature.ts';

/** Root, intermediates and leaf; the public instance has three. */
const MAX_CHAIN = 8;

export interface ChainOptions {
  /** Must be listed by the leaf and by every CA that restricts its usages. */
  readonly extendedKeyUsage: string;
  /**
   * What the leaf must be: an end entity (default), a precertificate (an end entity whose poison is understood), or a CA
   * that is about to be used as issuer.
   */
  readonly target?: 'end-entity' | 'precertificate' | 'certificate-authority';
  /**
   * What the last candidate must be: a self-issued root (default), or any CA, which whoever gives the candidates trusts as it is
   * (RFC 5280 section 6.1.1 d): nothing is asked of what stands above it.
   */
  readonly trustAnchor?: 'root' | 'any';
}

/**
 * Verifies a certification path (RFC 5280 section 6.1, without policies and name constraints, whose extensions are refused when
 * critical). CA links that were once verified are remembered for as long as both objects live: per leaf only its own
 * signature costs anything.
 *
 * @param leaf the certificate in question
 * @param candidates issuing CA first, trust anchor last; certificates before the leaf's issuer (such as the leaf itself) are
 *   passed over
 * @param at the moment in question; every certificate must be valid then, both ends included. `any-time` judges no dates, as a
 *   CT log does, whose business is to record and not to trust
 * @returns leaf, issuing CA, ..., trust anchor
 * @throws X509Error with a code for each reason, naming the certificate
 */
export function verifyChain(
  leaf: Certificate,
  candidates: readonly Certificate[],
  at: Date | 'any-time',
  options: ChainOptions,
): Certificate[] {
  const authorities = pathAbove(leaf, candidates);
  const path = [leaf, ...authorities];
  const anchor = authorities[authorities.length - 1] as Certificate;
  if (options.trustAnchor !== 'any') verifyRoot(anchor);
  verifyTarget(leaf, options);
  path.forEach((certificate, depth) => {
    const issuer = path[depth + 1] ?? certificate;
    if (certificate !== anchor || isSelfIssued(anchor)) {
      verifyIssuerName(certificate, issuer);
      verifyIssuerKeyIdentifier(certificate, issuer);
      verifyLink(certificate, issuer);
    }
    if (at !== 'any-time') verifyValidity(certificate, at);
    verifyExtendedKeyUsage(certificate, options.extendedKeyUsage, depth === 0);
    verifyCriticalExtensions(certificate, depth === 0 && options.target === 'precertificate');
    if (depth > 0) {
      verifyIsCa(certificate);
      verifyPathLength(certificate, path.slice(options.target === 'certificate-authority' ? 0 : 1, depth));
    }
  });
  return path;
}

/** Whether `at` lies within the validity of the certificate, both ends included. */
export function isValidAt(certificate: Certificate, at: Date): boolean {
  return certificate.notBefore.getTime() <= at.getTime() && at.getTime() <= certificate.notAfter.getTime();
}

function pathAbove(leaf: Certificate, candidates: readonly Certificate[]): readonly Certificate[] {
  if (candidates.length === 0) throw new X509Error('CHAIN', 'no CA certificate to verify against');
  if (candidates.length >= MAX_CHAIN) {
    throw new X509Error('CHAIN', `chain of ${candidates.length + 1} certificates, want at most ${MAX_CHAIN}`);
  }
  const named = candidates.findIndex((candidate) => equalBytes(candidate.subject, leaf.issuer));
  if (named < 0) refuse('ISSUER_NAME', leaf, 'no CA certificate bears the name of its issuer');
  return candidates.slice(named);
}

function verifyRoot(root: Certificate): void {
  if (!isSelfIssued(root)) refuse('ROOT', root, 'chain does not end with a self-issued certificate');
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return equalBytes(issuer, subject);
}

function verifyTarget(leaf: Certificate, { target }: ChainOptions): void {
  if (target === 'certificate-authority') return verifyIsCa(leaf);
  if (leaf.isCa) refuse('IS_A_CA', leaf, 'is a CA certificate, want an end entity');
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes('digitalSignature')) {
    refuse('KEY_USAGE', leaf, 'key usage lacks digitalSignature');
  }
}

function verifyIssuerName(certificate: Certificate, issuer: Certificate): void {
  if (!equalBytes(certificate.issuer, issuer.subject)) {
    refuse('ISSUER_NAME', certificate, `issuer name is not the subject of ${issuer.describe()}`);
  }
}

function verifyIssuerKeyIdentifier(certificate: Certificate, issuer: Certificate): void {
  const want = certificate.authorityKeyIdentifier;
  const got = issuer.subjectKeyIdentifier;
  if (want !== undefined && got !== undefined && !equalBytes(want, got)) {
    refuse(
      'ISSUER_KEY_ID',
      certificate,
      `authority key identifier is ${encodeHex(want)}, issuer has ${encodeHex(got)}`,
    );
  }
}

/** Issuer by certificate: a verified signature stays verified, whatever the time. */
const verifiedLinks = new WeakMap<Certificate, Certificate>();

function verifyLink(certificate: Certificate, issuer: Certificate): void {
  if (verifiedLinks.get(certificate) === issuer) return;
  verifyCertificateSignature(certificate, issuer);
  verifiedLinks.set(certificate, issuer);
}

function verifyValidity(certificate: Certificate, at: Date): void {
  const { notBefore, notAfter } = certificate;
  if (isValidAt(certificate, at)) return;
  if (Number.isNaN(at.getTime())) throw new X509Error('CHAIN', 'time to verify at is not a date');
  if (at.getTime() < notBefore.getTime()) {
    refuse(
      'NOT_YET_VALID',
      certificate,
      `valid from ${notBefore.toISOString()}, asked at ${at.toISOString()}`,
    );
  }
  refuse('EXPIRED', certificate, `valid until ${notAfter.toISOString()}, asked at ${at.toISOString()}`);
}

/** A CA without the extension restricts nothing; a leaf must list the usage itself, anyExtendedKeyUsage does not count. */
function verifyExtendedKeyUsage(certificate: Certificate, usage: string, isLeaf: boolean): void {
  const usages = certificate.extendedKeyUsages;
  if (usages.includes(usage)) return;
  if (!isLeaf && (usages.length === 0 || usages.includes(oids.anyExtendedKeyUsage))) return;
  refuse('EXTENDED_KEY_USAGE', certificate, `extended key usages [${usages.join(', ')}] lack ${usage}`);
}

function verifyCriticalExtensions(certificate: Certificate, poisonAllowed: boolean): void {
  const unknown = certificate.unknownCriticalExtensions.filter(
    (oid) => !(poisonAllowed && oid === oids.precertificatePoison),
  );
  if (unknown.length > 0)
    refuse('CRITICAL_EXTENSION', certificate, `unknown critical extension ${unknown.join(', ')}`);
}

function verifyIsCa(certificate: Certificate): void {
  if (!certificate.isCa) refuse('NOT_A_CA', certificate, 'is not a CA certificate');
  if (certificate.keyUsage?.includes('keyCertSign') !== true) {
    refuse('KEY_USAGE', certificate, 'key usage lacks keyCertSign');
  }
}

/** Self-issued CA certificates do not count (RFC 5280 section 4.2.1.9). */
function verifyPathLength(certificate: Certificate, below: readonly Certificate[]): void {
  const limit = certificate.pathLength;
  if (limit === undefined) return;
  const count = below.filter((authority) => !isSelfIssued(authority)).length;
  if (count > limit)
    refuse('PATH_LENGTH', certificate, `${count} CA certificates below, at most ${limit} are allowed`);
}

function refuse(code: X509ErrorCode, certificate: Certificate, reason: string): never {
  throw new X509Error(code, reason, { certificate: certificate.describe() });
}
