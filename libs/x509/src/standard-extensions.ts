import {
  derBitString,
  derBoolean,
  derInteger,
  derOctetString,
  derOid,
  DerReader,
  derSequence,
  der,
  tags,
} from '@sigstead/encoding';
import { decoding, X509Error } from './errors.ts';
import type { Extension } from './extension.ts';
import { readGeneralNames, type GeneralName } from './general-name.ts';
import { oids } from './oids.ts';

/** Bit 0 upwards (RFC 5280 section 4.2.1.3). */
const KEY_USAGES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof KEY_USAGES)[number];

export interface BasicConstraints {
  readonly isCa: boolean;
  /** CA certificates that may stand below this one; undefined is unlimited. */
  readonly pathLength: number | undefined;
}

/** What chains, profiles and policies ask of a certificate. */
export interface StandardExtensions {
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** Empty when the extension is absent. */
  readonly extendedKeyUsages: readonly string[];
  /** Empty when the extension is absent. */
  readonly subjectAlternativeNames: readonly GeneralName[];
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: Uint8Array | undefined;
}

const READ_OIDS: ReadonlySet<string> = new Set([
  oids.basicConstraints,
  oids.keyUsage,
  oids.extendedKeyUsage,
  oids.subjectAlternativeName,
  oids.subjectKeyIdentifier,
  oids.authorityKeyIdentifier,
  oids.sctList,
]);

/** Critical extensions whose meaning nothing here enforces, the precertificate poison among them. */
export function unknownCriticalExtensions(extensions: readonly Extension[]): string[] {
  return extensions.filter(({ oid, critical }) => critical && !READ_OIDS.has(oid)).map(({ oid }) => oid);
}

/** @throws X509Error EXTENSION or LIMIT when one of them is malformed */
export function readStandardExtensions(find: (oid: string) => Extension | undefined): StandardExtensions {
  const read = <T>(oid: string, what: string, decode: (value: Uint8Array) => T): T | undefined => {
    const extension = find(oid);
    return extension === undefined ? undefined : decoding('EXTENSION', what, () => decode(extension.value));
  };
  return {
    basicConstraints: read(oids.basicConstraints, 'basicConstraints', readBasicConstraints),
    keyUsage: read(oids.keyUsage, 'keyUsage', readKeyUsage),
    extendedKeyUsages: read(oids.extendedKeyUsage, 'extKeyUsage', readExtendedKeyUsages) ?? [],
    subjectAlternativeNames: read(oids.subjectAlternativeName, 'subjectAltName', readGeneralNames) ?? [],
    subjectKeyIdentifier: read(oids.subjectKeyIdentifier, 'subjectKeyIdentifier', readSubjectKeyIdentifier),
    authorityKeyIdentifier: read(
      oids.authorityKeyIdentifier,
      'authorityKeyIdentifier',
      readAuthorityKeyIdentifier,
    ),
  };
}

export function keyUsageExtension(usages: readonly KeyUsage[]): Extension {
  const octets = new Uint8Array(2);
  let last = 0;
  for (const usage of usages) {
    const bit = KEY_USAGES.indexOf(usage);
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    last = Math.max(last, bit);
  }
  const value = derBitString(octets.subarray(0, (last >> 3) + 1), 7 - (last & 7));
  return { oid: oids.keyUsage, critical: true, value };
}

export function extendedKeyUsageExtension(usages: readonly string[], critical = false): Extension {
  return { oid: oids.extendedKeyUsage, critical, value: derSequence(...usages.map(derOid)) };
}

/** basicConstraints of a CA; an end entity carries none. */
export function basicConstraintsExtension(pathLength: number | undefined): Extension {
  const limit = pathLength === undefined ? [] : [derInteger(BigInt(pathLength))];
  return { oid: oids.basicConstraints, critical: true, value: derSequence(derBoolean(true), ...limit) };
}

export function subjectKeyIdentifierExtension(keyIdentifier: Uint8Array): Extension {
  return { oid: oids.subjectKeyIdentifier, critical: false, value: derOctetString(keyIdentifier) };
}

/** keyIdentifier only: issuer name and serial number are never written. */
export function authorityKeyIdentifierExtension(keyIdentifier: Uint8Array): Extension {
  return { oid: oids.authorityKeyIdentifier, critical: false, value: derSequence(der(0x80, keyIdentifier)) };
}

function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const reader = new DerReader(value);
  const fields = reader.sequence();
  reader.end();
  let isCa = false;
  if (fields.tag === tags.boolean) {
    isCa = fields.boolean();
    if (!isCa) throw new X509Error('EXTENSION', 'basicConstraints writes out the default cA FALSE');
  }
  let pathLength: number | undefined;
  if (!fields.done) {
    const limit = fields.integer();
    if (limit < 0n || limit > 255n)
      throw new X509Error('EXTENSION', `pathLenConstraint ${limit}, want 0 to 255`);
    if (!isCa) throw new X509Error('EXTENSION', 'pathLenConstraint without cA');
    pathLength = Number(limit);
  }
  fields.end();
  return { isCa, pathLength };
}

function readKeyUsage(value: Uint8Array): KeyUsage[] {
  const reader = new DerReader(value);
  const { unused, bytes } = reader.bitString();
  reader.end();
  const bits = bytes.length * 8 - unused;
  if (bits === 0 || bits > KEY_USAGES.length) {
    throw new X509Error('EXTENSION', `keyUsage of ${bits} bits, want 1 to ${KEY_USAGES.length}`);
  }
  const isSet = (bit: number): boolean => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  // X.690 section 11.2.2: a named bit list ends with a bit that is set.
  if (!isSet(bits - 1)) throw new X509Error('EXTENSION', 'keyUsage has trailing zero bits');
  return KEY_USAGES.filter((_, bit) => bit < bits && isSet(bit));
}

const MAX_USAGES = 32;

function readExtendedKeyUsages(value: Uint8Array): string[] {
  const reader = new DerReader(value);
  const sequence = reader.sequence();
  reader.end();
  const usages: string[] = [];
  while (!sequence.done) {
    if (usages.length === MAX_USAGES)
      throw new X509Error('LIMIT', `more than ${MAX_USAGES} extended key usages`);
    usages.push(sequence.oid());
  }
  if (usages.length === 0) throw new X509Error('EXTENSION', 'extKeyUsage is empty');
  return usages;
}

function readSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  const reader = new DerReader(value);
  const keyIdentifier = reader.octetString();
  reader.end();
  if (keyIdentifier.length === 0) throw new X509Error('EXTENSION', 'subjectKeyIdentifier is empty');
  return keyIdentifier;
}

/** Undefined when it has only issuer and serial number, which nothing here uses. */
function readAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const reader = new DerReader(value);
  const fields = reader.sequence();
  reader.end();
  let keyIdentifier: Uint8Array | undefined;
  if (fields.tag === 0x80) {
    keyIdentifier = fields.read(0x80);
    if (keyIdentifier.length === 0) throw new X509Error('EXTENSION', 'authorityKeyIdentifier is empty');
  }
  if (fields.tag === 0xa1) fields.read(0xa1);
  if (fields.tag === 0x82) fields.read(0x82);
  fields.end();
  return keyIdentifier;
}
