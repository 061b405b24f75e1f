import { createHash } from 'node:crypto';
import {
  decodePem,
  derExplicit,
  DerReader,
  derSequence,
  encodeHex,
  encodePem,
  EncodingError,
  tags,
} from '@sigstead/encoding';
import { KeyError, PublicKey, sha256 } from '@sigstead/crypto';
import { decoding, X509Error } from './errors.ts';
import { readExtensions, type EncodedExtension, type Extension } from './extension.ts';
import type { GeneralName } from './general-name.ts';
import { describeName, parseName } from './name.ts';
import {
  readStandardExtensions,
  unknownCriticalExtensions,
  type KeyUsage,
  type StandardExtensions,
} from './standard-extensions.ts';

const MAX_BYTES = 64 * 1024;
const MAX_PEM_CHARACTERS = 256 * 1024;
const MAX_PEM_CERTIFICATES = 16;
const MAX_SERIAL_OCTETS = 20;

/**
 * An X.509 v3 certificate (RFC 5280 section 4.1), read strictly as DER. Everything but the public key is checked for
 * form when it is parsed; nothing is verified: see `verifyCertificateSignature` and `verifyChain`.
 */
export class Certificate {
  /** The whole certificate. */
  readonly raw: Uint8Array;
  /** TBSCertificate with its header, the bytes that are signed. */
  readonly tbs: Uint8Array;
  /** SubjectPublicKeyInfo as it stands in the certificate. */
  readonly spki: Uint8Array;
  /** Unsigned big-endian, without the leading zero of DER. */
  readonly serialNumber: Uint8Array;
  /** DER Name. */
  readonly issuer: Uint8Array;
  /** DER Name; `30 00` when empty. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** AlgorithmIdentifier beside the signature, DER. */
  readonly signatureAlgorithm: Uint8Array;
  /** AlgorithmIdentifier inside the TBSCertificate, DER. */
  readonly tbsSignatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
  /** Critical extensions whose meaning nothing here enforces. */
  readonly unknownCriticalExtensions: readonly string[];

  readonly #standard: StandardExtensions;
  readonly #encodedExtensions: readonly EncodedExtension[];
  /** Content of the TBSCertificate up to the extensions. */
  readonly #tbsHead: Uint8Array;
  #publicKey: PublicKey | undefined;
  #spkiHash: Uint8Array | undefined;

  /**
   * @param der one certificate, at most 64 KiB, copied
   * @throws X509Error MALFORMED, LIMIT, DUPLICATE_EXTENSION, EXTENSION
   */
  static parse(der: Uint8Array): Certificate {
    if (der.length > MAX_BYTES) {
      throw new X509Error('LIMIT', `certificate of ${der.length} bytes, at most ${MAX_BYTES} are taken`);
    }
    return decoding('MALFORMED', 'certificate', () => new Certificate(Uint8Array.from(der)));
  }

  /**
   * @param text PEM with exactly one CERTIFICATE block
   * @throws X509Error as {@link Certificate.parse}
   */
  static fromPem(text: string): Certificate {
    const [certificate, ...rest] = Certificate.chainFromPem(text);
    if (certificate === undefined || rest.length > 0) {
      throw new X509Error('MALFORMED', `PEM holds ${rest.length + 1} certificates, want 1`);
    }
    return certificate;
  }

  /**
   * @param text PEM with 1 to 16 CERTIFICATE blocks and nothing else, at most 256 KiB
   * @throws X509Error as {@link Certificate.parse}
   */
  static chainFromPem(text: string): Certificate[] {
    if (text.length > MAX_PEM_CHARACTERS) {
      throw new X509Error(
        'LIMIT',
        `PEM of ${text.length} characters, at most ${MAX_PEM_CHARACTERS} are taken`,
      );
    }
    const blocks = decoding('MALFORMED', 'certificate PEM', () =>
      decodePem(text, { maxBlocks: MAX_PEM_CERTIFICATES }),
    );
    return blocks.map(({ label, bytes }) => {
      if (label !== 'CERTIFICATE') throw new X509Error('MALFORMED', `PEM block ${label}, want CERTIFICATE`);
      return Certificate.parse(bytes);
    });
  }

  private constructor(raw: Uint8Array) {
    const outer = new DerReader(raw);
    const certificate = outer.sequence();
    outer.end();
    const tbs = sequenceElement(certificate, 'tbsCertificate');
    this.raw = raw;
    this.tbs = tbs.raw;
    this.signatureAlgorithm = sequenceElement(certificate, 'signatureAlgorithm').raw;
    const signature = certificate.bitString();
    if (signature.unused !== 0) throw new X509Error('MALFORMED', 'signature is not a whole number of octets');
    this.signature = signature.bytes;
    certificate.end();

    const fields = new DerReader(tbs.content);
    readVersion(fields);
    this.serialNumber = readSerialNumber(fields);
    this.tbsSignatureAlgorithm = sequenceElement(fields, 'signature').raw;
    this.issuer = readName(fields, 'issuer');
    const validity = fields.sequence();
    this.notBefore = validity.time();
    this.notAfter = validity.time();
    validity.end();
    this.subject = readName(fields, 'subject');
    this.spki = sequenceElement(fields, 'subjectPublicKeyInfo').raw;
    subjectPublicKeyBits(this.spki);

    if (fields.done) {
      this.#tbsHead = tbs.content;
      this.#encodedExtensions = [];
    } else {
      // issuerUniqueID and subjectUniqueID ([1] and [2]) fall through to the error: no CA has written them for decades.
      if (fields.tag !== EXTENSIONS_TAG)
        throw new X509Error('MALFORMED', 'certificate has a field that is not taken');
      const extensions = fields.element();
      fields.end();
      this.#tbsHead = tbs.content.subarray(0, tbs.content.length - extensions.raw.length);
      const explicit = new DerReader(extensions.content);
      this.#encodedExtensions = readExtensions(explicit.sequence());
      explicit.end();
    }
    this.extensions = this.#encodedExtensions.map(({ oid, critical, value }) => ({ oid, critical, value }));
    this.unknownCriticalExtensions = unknownCriticalExtensions(this.extensions);
    this.#standard = readStandardExtensions((oid) => this.extension(oid));
  }

  /**
   * The subject's key, imported on first use and kept.
   *
   * @throws X509Error PUBLIC_KEY when the gate of `@sigstead/crypto` refuses it; `cause` says why
   */
  get publicKey(): PublicKey {
    if (this.#publicKey === undefined) {
      try {
        this.#publicKey = PublicKey.fromSpki(this.spki);
      } catch (cause) {
        if (!(cause instanceof KeyError) && !(cause instanceof EncodingError)) throw cause;
        throw new X509Error('PUBLIC_KEY', `public key: ${cause.message}`, {
          cause,
          certificate: this.describe(),
        });
      }
    }
    return this.#publicKey;
  }

  /** SHA-256 of the SubjectPublicKeyInfo, the issuer_key_hash of RFC 6962 section 3.2. */
  get spkiHash(): Uint8Array {
    this.#spkiHash ??= sha256(this.spki);
    return this.#spkiHash;
  }

  extension(oid: string): Extension | undefined {
    return this.extensions.find((extension) => extension.oid === oid);
  }

  get isCa(): boolean {
    return this.#standard.basicConstraints?.isCa ?? false;
  }

  /** CA certificates that may stand below this one; undefined is unlimited. */
  get pathLength(): number | undefined {
    return this.#standard.basicConstraints?.pathLength;
  }

  /** Undefined when the certificate does not restrict the use of its key. */
  get keyUsage(): readonly KeyUsage[] | undefined {
    return this.#standard.keyUsage;
  }

  /** Dotted identifiers; empty when the extension is absent. */
  get extendedKeyUsages(): readonly string[] {
    return this.#standard.extendedKeyUsages;
  }

  get subjectAlternativeNames(): readonly GeneralName[] {
    return this.#standard.subjectAlternativeNames;
  }

  get subjectKeyIdentifier(): Uint8Array | undefined {
    return this.#standard.subjectKeyIdentifier;
  }

  get authorityKeyIdentifier(): Uint8Array | undefined {
    return this.#standard.authorityKeyIdentifier;
  }

  /** TBSCertificate without the named extension, all else byte for byte (RFC 6962 section 3.2). */
  tbsWithout(oid: string): Uint8Array {
    const kept = this.#encodedExtensions.filter((extension) => extension.oid !== oid);
    if (kept.length === 0) return derSequence(this.#tbsHead);
    return derSequence(this.#tbsHead, derExplicit(3, derSequence(...kept.map(({ raw }) => raw))));
  }

  /** For messages: the subject, or the serial number where the subject is empty. */
  describe(): string {
    const subject = describeName(this.subject);
    return `certificate ${subject === '' ? `with serial number ${encodeHex(this.serialNumber)}` : `"${subject}"`}`;
  }

  toPem(): string {
    return encodePem('CERTIFICATE', this.raw);
  }
}

/**
 * Content of the subjectPublicKey BIT STRING.
 *
 * @param spki DER SubjectPublicKeyInfo
 * @throws EncodingError DER, X509Error MALFORMED
 */
export function subjectPublicKeyBits(spki: Uint8Array): Uint8Array {
  const reader = new DerReader(spki);
  const fields = reader.sequence();
  reader.end();
  sequenceElement(fields, 'algorithm');
  const { unused, bytes } = fields.bitString();
  fields.end();
  if (unused !== 0) throw new X509Error('MALFORMED', 'public key is not a whole number of octets');
  return bytes;
}

/** Key identifier of method (1), RFC 5280 section 4.2.1.2: SHA-1 of the subjectPublicKey bits. A name, not a proof. */
export function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(subjectPublicKeyBits(spki)).digest());
}

const EXTENSIONS_TAG = tags.contextConstructed | 3;

function readVersion(fields: DerReader): void {
  const version = fields.explicit(0);
  const number = version?.integer() ?? 0n;
  version?.end();
  if (number !== 2n) throw new X509Error('MALFORMED', `certificate of version ${number + 1n}, want 3`);
}

function readSerialNumber(fields: DerReader): Uint8Array {
  const content = fields.integerBytes();
  const first = content[0] ?? 0;
  if (first & 0x80) throw new X509Error('MALFORMED', 'serial number is negative');
  const magnitude = first === 0 && content.length > 1 ? content.subarray(1) : content;
  if (magnitude.length > MAX_SERIAL_OCTETS) {
    throw new X509Error(
      'MALFORMED',
      `serial number of ${magnitude.length} octets, want at most ${MAX_SERIAL_OCTETS}`,
    );
  }
  return magnitude;
}

function readName(fields: DerReader, what: string): Uint8Array {
  const { raw } = sequenceElement(fields, what);
  parseName(raw);
  return raw;
}

function sequenceElement(reader: DerReader, what: string): { content: Uint8Array; raw: Uint8Array } {
  if (reader.tag !== tags.sequence) throw new X509Error('MALFORMED', `${what} is not a SEQUENCE`);
  return reader.element();
}
