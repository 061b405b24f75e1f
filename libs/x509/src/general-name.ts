import {
  decodeUtf8,
  der,
  derExplicit,
  derOid,
  DerReader,
  derSequence,
  derUtf8String,
  encodeHex,
  encodeUtf8,
  type DerElement,
} from '@sigstead/encoding';
import { X509Error } from './errors.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { oids } from './oids.ts';

/**
 * One GeneralName (RFC 5280 section 4.2.1.6). `otherName` is the user name of Fulcio (type-id 1.3.6.1.4.1.57264.1.7,
 * UTF8String); every other form is kept as `unsupported` with its DER in hex, so that a count of names stays true.
 */
export interface GeneralName {
  readonly type: 'uri' | 'email' | 'dns' | 'ip' | 'otherName' | 'unsupported';
  readonly value: string;
}

const MAX_NAMES = 64;

const TAG_OTHER_NAME = 0xa0;
const TAG_EMAIL = 0x81;
const TAG_DNS = 0x82;
const TAG_URI = 0x86;
const TAG_IP = 0x87;

const USERNAME_TYPE = derOid(oids.fulcioUsername);

/**
 * Content of a subjectAlternativeName extension: `SEQUENCE SIZE (1..MAX) OF GeneralName`.
 *
 * @throws X509Error EXTENSION or LIMIT
 * @throws EncodingError on DER errors, which the caller names
 */
export function readGeneralNames(value: Uint8Array): GeneralName[] {
  const reader = new DerReader(value);
  const sequence = reader.sequence();
  reader.end();
  const names: GeneralName[] = [];
  while (!sequence.done) {
    if (names.length === MAX_NAMES) throw new X509Error('LIMIT', `more than ${MAX_NAMES} alternative names`);
    names.push(readGeneralName(sequence.element()));
  }
  if (names.length === 0) throw new X509Error('EXTENSION', 'subject alternative name holds no name');
  return names;
}

/**
 * One GeneralName.
 *
 * @throws X509Error PROFILE when the value is empty, is not ASCII where IA5String is wanted, or is no IP address
 */
export function encodeGeneralName(name: GeneralName): Uint8Array {
  switch (name.type) {
    case 'email':
      return der(TAG_EMAIL, ia5(name));
    case 'dns':
      return der(TAG_DNS, ia5(name));
    case 'uri':
      return der(TAG_URI, ia5(name));
    case 'ip': {
      const octets = parseIpAddress(name.value);
      if (octets === undefined) throw new X509Error('PROFILE', 'alternative name is not an IP address');
      return der(TAG_IP, octets);
    }
    case 'otherName':
      if (name.value === '' || CONTROLS.test(name.value)) {
        throw new X509Error('PROFILE', 'user name is empty or has control characters');
      }
      return der(TAG_OTHER_NAME, USERNAME_TYPE, derExplicit(0, derUtf8String(name.value)));
    case 'unsupported':
      throw new X509Error('PROFILE', 'alternative names of this form are not issued');
  }
}

/** Content of a subjectAlternativeName extension with these names. */
export function encodeGeneralNames(names: readonly GeneralName[]): Uint8Array {
  return derSequence(...names.map(encodeGeneralName));
}

function readGeneralName(element: DerElement): GeneralName {
  switch (element.tag) {
    case TAG_EMAIL:
      return { type: 'email', value: ia5Text(element.content) };
    case TAG_DNS:
      return { type: 'dns', value: ia5Text(element.content) };
    case TAG_URI:
      return { type: 'uri', value: ia5Text(element.content) };
    case TAG_IP: {
      const value = formatIpAddress(element.content);
      if (value === undefined) {
        throw new X509Error('EXTENSION', `IP address of ${element.content.length} octets, want 4 or 16`);
      }
      return { type: 'ip', value };
    }
    case TAG_OTHER_NAME: {
      const fields = new DerReader(element.content);
      if (fields.oid() !== oids.fulcioUsername) return unsupported(element);
      return { type: 'otherName', value: usernameText(fields) };
    }
    default:
      if ((element.tag & 0xc0) !== 0x80)
        throw new X509Error('EXTENSION', 'alternative name of an unknown form');
      return unsupported(element);
  }
}

function unsupported(element: DerElement): GeneralName {
  return { type: 'unsupported', value: encodeHex(element.raw) };
}

function usernameText(fields: DerReader): string {
  const value = fields.explicit(0);
  if (value === undefined) throw new X509Error('EXTENSION', 'otherName without a value');
  const text = decodeUtf8(value.read(0x0c));
  value.end();
  fields.end();
  if (text === '' || CONTROLS.test(text)) {
    throw new X509Error('EXTENSION', 'user name is empty or has control characters');
  }
  return text;
}

const CONTROLS = /\p{Cc}/u;
const VISIBLE_ASCII = /^[\x20-\x7e]+$/;

/** A NUL or a line feed inside a name has only ever been used to deceive: refused both ways. */
function ia5Text(content: Uint8Array): string {
  const text = decodeUtf8(content);
  if (!VISIBLE_ASCII.test(text))
    throw new X509Error('EXTENSION', 'alternative name is empty or not printable ASCII');
  return text;
}

function ia5(name: GeneralName): Uint8Array {
  if (!VISIBLE_ASCII.test(name.value)) {
    throw new X509Error('PROFILE', `${name.type} name is empty or not printable ASCII`);
  }
  return encodeUtf8(name.value);
}
