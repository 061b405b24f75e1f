import { generateKeyPairSync, randomBytes, X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { writeDurably } from '@sigstead/ceremony';
import { PrivateKeySigner } from '@sigstead/crypto';
import type { TlsFiles } from '@sigstead/server';
import {
  Certificate,
  encodeCaCertificate,
  encodeTlsServerCertificate,
  randomSerialNumber,
  signTbs,
  type GeneralName,
} from '@sigstead/x509';
import type { Home } from './home.ts';

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** As long as clients of today take (Apple's and the browsers' bound is 398). */
const SERVER_DAYS = 397;
const RENEW_DAYS = 30;
/** Clients whose clocks are behind ours. */
const SKEW_MS = 5 * 60_000;
const SECRET = 0o600;

const EVERYWHERE = ['localhost', '127.0.0.1', '::1', '0.0.0.0', '::'];

/** A certificate and its key, both as PEM. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

/**
 * Certificate and key for the TLS port, below a CA of this state folder that certifies nothing else: made on first use, and anew when
 * under 30 days are left or `host` has changed. Puts the CA's certificate among the trust files.
 *
 * @param host what HOST says: a name or address by which others reach the stack
 */
export async function openTls(home: Home, host: string, now: Date): Promise<TlsFiles> {
  const file = (name: string) => join(home.root, 'tls', name);
  const names = namesOf(host);
  const ca = await keep({
    certificateFile: file('ca.pem'),
    keyFile: file('ca.key.pem'),
    isGood: (certificate) => certificate.ca && isValid(certificate, now, SERVER_DAYS),
    make: () => makeAuthority(now),
  });
  const authority = new X509Certificate(ca.cert);
  const files = { certificateFile: file('server.pem'), keyFile: file('server.key.pem') };
  await keep({
    ...files,
    isGood: (certificate) =>
      certificate.verify(authority.publicKey) &&
      isValid(certificate, now, RENEW_DAYS) &&
      hasNames(certificate, names),
    make: () => makeServer(ca, names, now),
  });
  await writeDurably(join(home.trust, 'tls_ca.pem'), ca.cert);
  return files;
}

function namesOf(host: string): readonly GeneralName[] {
  const more = EVERYWHERE.includes(bare(host)) ? [] : [bare(host)];
  return ['localhost', '127.0.0.1', '::1', ...more].map((value) => ({
    type: isIP(value) === 0 ? 'dns' : 'ip',
    value,
  }));
}

/** Without brackets and zone, an IPv6 address in its one form (RFC 5952). */
function bare(host: string): string {
  const name = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

/** The pair in the files when it is good, else another in its place: the key first, so that a crash leaves no pair, which is not good. */
async function keep({
  certificateFile,
  keyFile,
  isGood,
  make,
}: TlsFiles & {
  isGood: (certificate: X509Certificate) => boolean;
  make: () => Promise<Pair>;
}): Promise<Pair> {
  const kept = await readPair(certificateFile, keyFile);
  if (kept !== undefined && isGood(new X509Certificate(kept.cert))) return kept;
  const made = await make();
  await writeDurably(keyFile, made.key, SECRET);
  await writeDurably(certificateFile, made.cert);
  return made;
}

/** Undefined when there is none, or the two do not belong together. */
async function readPair(certificateFile: string, keyFile: string): Promise<Pair | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}

function isValid(certificate: X509Certificate, now: Date, daysLeft: number): boolean {
  return (
    Date.parse(certificate.validFrom) <= now.getTime() &&
    now.getTime() + daysLeft * DAY_MS < Date.parse(certificate.validTo)
  );
}

function hasNames(certificate: X509Certificate, names: readonly GeneralName[]): boolean {
  const certified = Certificate.parse(certificate.raw).subjectAlternativeNames;
  return JSON.stringify(certified) === JSON.stringify(names);
}

async function makeAuthority(now: Date): Promise<Pair> {
  const { key, signer } = makeKey();
  const tbs = encodeCaCertificate({
    ...lifetime(now, CA_DAYS),
    serialNumber: serialNumber(),
    subject: { organization: 'sigstead', commonName: 'sigstead local stack TLS' },
    publicKey: signer.publicKey,
    pathLength: 0,
  });
  return { cert: await pemOf(tbs, signer), key };
}

async function makeServer(ca: Pair, names: readonly GeneralName[], now: Date): Promise<Pair> {
  const { key, signer } = makeKey();
  const tbs = encodeTlsServerCertificate({
    ...lifetime(now, SERVER_DAYS),
    serialNumber: serialNumber(),
    subject: { organization: 'sigstead', commonName: 'localhost' },
    issuer: Certificate.fromPem(ca.cert),
    publicKey: signer.publicKey,
    names,
  });
  return { cert: await pemOf(tbs, PrivateKeySigner.fromPem(ca.key)), key };
}

function makeKey(): { key: string; signer: PrivateKeySigner } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { key, signer: PrivateKeySigner.fromPem(key) };
}

function serialNumber(): Uint8Array {
  return randomSerialNumber((length) => new Uint8Array(randomBytes(length)));
}

function lifetime(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - SKEW_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
  };
}

async function pemOf(tbs: Uint8Array, signer: PrivateKeySigner): Promise<string> {
  return Certificate.parse(await signTbs(tbs, signer)).toPem();
}
