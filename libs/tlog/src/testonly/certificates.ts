import { signatureAlgorithmIdentifier, type Signer } from '@sigstead/crypto';
import {
  der,
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTime,
  derUtf8String,
  encodeUtf8,
} from '@sigstead/encoding';
import { Certificate, oids } from '@sigstead/x509';

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const FULCIO_ISSUER = '1.3.6.1.4.1.57264.1.8';
/** keyUsage with bit 5 alone. */
const KEY_CERT_SIGN = derBitString(Uint8Array.of(0x04), 2);
const TAGS = { email: 0x81, dns: 0x82, directoryName: 0xa4, uri: 0x86 } as const;

export interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly key: Signer;
  readonly issuerKey: Signer;
  readonly isCa?: boolean;
  readonly codeSigning?: boolean;
  /** Of the token, as Fulcio writes it. */
  readonly tokenIssuer?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly names?: readonly { readonly type: keyof typeof TAGS; readonly value: string }[];
}

/** A certificate of whatever shape a test needs, truly signed; built here so that odd ones can be made. */
export async function makeCertificate(parts: CertificateParts): Promise<Certificate> {
  const { key, issuerKey, notBefore = new Date('2024-01-01'), notAfter = new Date('2034-01-01') } = parts;
  const algorithm = signatureAlgorithmIdentifier(issuerKey.publicKey.type, issuerKey.hash);
  const tbs = derSequence(
    derExplicit(0, derInteger(2n)),
    derInteger(4711n),
    algorithm,
    name(parts.issuer),
    derSequence(derTime(notBefore), derTime(notAfter)),
    name(parts.subject),
    key.publicKey.spki,
    ...extensions(parts),
  );
  return Certificate.parse(derSequence(tbs, algorithm, derBitString(await issuerKey.sign(tbs))));
}

function extensions({
  isCa = false,
  codeSigning = false,
  tokenIssuer,
  names = [],
}: CertificateParts): Uint8Array[] {
  const list: Uint8Array[] = [];
  if (isCa) {
    list.push(
      derSequence(derOid(BASIC_CONSTRAINTS), derBoolean(true), derOctetString(derSequence(derBoolean(true)))),
      derSequence(derOid(KEY_USAGE), derBoolean(true), derOctetString(KEY_CERT_SIGN)),
    );
  }
  if (codeSigning) {
    list.push(derSequence(derOid(EXTENDED_KEY_USAGE), derOctetString(derSequence(derOid(oids.codeSigning)))));
  }
  if (tokenIssuer !== undefined) {
    list.push(derSequence(derOid(FULCIO_ISSUER), derOctetString(derUtf8String(tokenIssuer))));
  }
  if (names.length > 0) {
    const encoded = names.map(({ type, value }) =>
      der(TAGS[type], type === 'directoryName' ? name(value) : encodeUtf8(value)),
    );
    list.push(derSequence(derOid(SUBJECT_ALTERNATIVE_NAME), derOctetString(derSequence(...encoded))));
  }
  return list.length === 0 ? [] : [derExplicit(3, derSequence(...list))];
}

function name(commonName: string): Uint8Array {
  if (commonName === '') return derSequence();
  return derSequence(derSet(derSequence(derOid('2.5.4.3'), derUtf8String(commonName))));
}
