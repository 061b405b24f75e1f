import {
  decodeUtf8,
  DerReader,
  derOid,
  derPrintableString,
  derSequence,
  derSet,
  derUtf8String,
  encodeHex,
  tags,
} from '@sigstead/encoding';
import { decoding, X509Error } from './errors.ts';
import { oids } from './oids.ts';

const MAX_ATTRIBUTES = 64;

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** One attribute of a distinguished name, in the order of the encoding. */
export interface NameAttribute {
  readonly oid: string;
  /** Text, or `#` and the hex of the value where it is no UTF8String, PrintableString or IA5String. */
  readonly value: string;
}

/** The names a CA of ours carries. */
export interface CaName {
  readonly organization: string;
  readonly commonName: string;
}

/**
 * Attributes of a DER Name (RFC 5280 section 4.1.2.4), flattened in order.
 *
 * @throws X509Error MALFORMED on anything that is not a Name, LIMIT above 64 attributes
 */
export function parseName(derName: Uint8Array): NameAttribute[] {
  return decoding('MALFORMED', 'name', () => {
    const reader = new DerReader(derName);
    const sets = reader.sequence();
    reader.end();
    const attributes: NameAttribute[] = [];
    while (!sets.done) {
      const set = sets.set();
      do {
        if (attributes.length === MAX_ATTRIBUTES) {
          throw new X509Error('LIMIT', `name has more than ${MAX_ATTRIBUTES} attributes`);
        }
        const attribute = set.sequence();
        const oid = attribute.oid();
        const value = attributeText(attribute);
        attribute.end();
        attributes.push({ oid, value });
      } while (!set.done);
    }
    return attributes;
  });
}

/**
 * For people: `O=sigstore.dev, CN=sigstore`, in the order of the encoding; the empty name gives the empty text.
 *
 * @throws X509Error MALFORMED or LIMIT, see {@link parseName}
 */
export function describeName(derName: Uint8Array): string {
  return parseName(derName)
    .map(({ oid, value }) => `${SHORT_NAMES[oid] ?? oid}=${escape(value)}`)
    .join(', ');
}

/** First value of an attribute, e.g. the common name. */
export function nameAttribute(derName: Uint8Array, oid: string): string | undefined {
  return parseName(derName).find((attribute) => attribute.oid === oid)?.value;
}

/**
 * Subject of a CA: organization, then common name; PrintableString where the alphabet allows it, as Go writes it.
 *
 * @throws X509Error PROFILE on empty parts or more than 64 characters (RFC 5280 appendix A.1)
 */
export function encodeCaName(name: CaName): Uint8Array {
  return derSequence(
    nameSet(oids.organization, 'organization', name.organization),
    nameSet(oids.commonName, 'common name', name.commonName),
  );
}

function nameSet(oid: string, what: string, value: string): Uint8Array {
  const length = [...value].length;
  if (length === 0 || length > 64) {
    throw new X509Error('PROFILE', `${what} of a CA has ${length} characters, want 1 to 64`);
  }
  if (/\p{Cc}|\p{Surrogate}/u.test(value))
    throw new X509Error('PROFILE', `${what} of a CA has control characters`);
  const text = /^[A-Za-z0-9 '()+,\-./:=?]+$/.test(value) ? derPrintableString(value) : derUtf8String(value);
  return derSet(derSequence(derOid(oid), text));
}

function attributeText(attribute: DerReader): string {
  const { tag, content, raw } = attribute.element();
  const printable = tag === tags.utf8String || tag === tags.printableString || tag === tags.ia5String;
  return printable ? decodeUtf8(content) : `#${encodeHex(raw)}`;
}

function escape(value: string): string {
  return value
    .replace(/[\\,+"<>;=]/g, (character) => `\\${character}`)
    .replace(
      /[\p{Cc}\p{Cf}]/gu,
      (control) => `\\${(control.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
    );
}
