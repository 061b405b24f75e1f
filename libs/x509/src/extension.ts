import { derBoolean, derOctetString, derOid, DerReader, derSequence, tags } from '@sigstead/encoding';
import { X509Error } from './errors.ts';

/** One X.509 extension (RFC 5280 section 4.2). */
export interface Extension {
  /** Dotted object identifier. */
  readonly oid: string;
  readonly critical: boolean;
  /** Content of extnValue, which is itself DER for most extensions. */
  readonly value: Uint8Array;
}

/** An extension together with its bytes inside a certificate. */
export interface EncodedExtension extends Extension {
  readonly raw: Uint8Array;
}

/** A Fulcio leaf has about 27. */
export const MAX_EXTENSIONS = 64;

const oidCache = new Map<string, Uint8Array>();

/** `SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }`. */
export function encodeExtension(extension: Extension): Uint8Array {
  const oid = encodedOid(extension.oid);
  const value = derOctetString(extension.value);
  return extension.critical ? derSequence(oid, derBoolean(true), value) : derSequence(oid, value);
}

/**
 * Extensions from the content of a `SEQUENCE OF Extension`.
 *
 * @throws X509Error LIMIT, DUPLICATE_EXTENSION, MALFORMED (criticality FALSE written out is not DER)
 * @throws EncodingError on DER errors, which the caller names
 */
export function readExtensions(sequence: DerReader): EncodedExtension[] {
  const extensions: EncodedExtension[] = [];
  const seen = new Set<string>();
  if (sequence.done) throw new X509Error('MALFORMED', 'list of extensions is empty');
  while (!sequence.done) {
    if (extensions.length === MAX_EXTENSIONS) {
      throw new X509Error('LIMIT', `certificate has more than ${MAX_EXTENSIONS} extensions`);
    }
    const extension = readExtension(sequence);
    if (seen.has(extension.oid)) {
      throw new X509Error('DUPLICATE_EXTENSION', `extension ${extension.oid} stands twice`);
    }
    seen.add(extension.oid);
    extensions.push(extension);
  }
  return extensions;
}

function readExtension(sequence: DerReader): EncodedExtension {
  if (sequence.tag !== tags.sequence) throw new X509Error('MALFORMED', 'extension is not a SEQUENCE');
  const { content, raw } = sequence.element();
  const fields = new DerReader(content);
  const oid = fields.oid();
  let critical = false;
  if (fields.tag === tags.boolean) {
    critical = fields.boolean();
    if (!critical) throw new X509Error('MALFORMED', `extension ${oid} writes out the default criticality`);
  }
  const value = fields.octetString();
  fields.end();
  return { oid, critical, value, raw };
}

/** The profile uses some thirty identifiers over and over; foreign ones are not kept. */
function encodedOid(oid: string): Uint8Array {
  const cached = oidCache.get(oid);
  if (cached !== undefined) return cached;
  const encoded = derOid(oid);
  if (oidCache.size < 2 * MAX_EXTENSIONS) oidCache.set(oid, encoded);
  return encoded;
}
