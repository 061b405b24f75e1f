import { PrivateKeySigner, signatureAlgorithmIdentifier, type Signer } from '@sigstead/crypto';
import {
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derTime,
} from '@sigstead/encoding';
import { oids, type Certificate } from '@sigstead/x509';
import { randomBytes } from 'node:crypto';

/** Parts of a leaf that is truly signed and otherwise of whatever shape a test needs. */
export interface OddLeaf {
  /** DER of each; those of a code-signing leaf unless told. */
  readonly extensions?: readonly Uint8Array[];
  /** DER SubjectPublicKeyInfo; a sound P-256 key unless told. */
  readonly spki?: Uint8Array;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** DER Name of the issuer, if it is not to be the issuer's own. */
  readonly issuerName?: Uint8Array;
}

const sound = PrivateKeySigner.generate('P-256').publicKey.spki;

/** DER of a leaf, which nothing here has parsed. */
export async function signOddLeaf(
  issuer: Certificate,
  signer: Signer,
  parts: OddLeaf = {},
): Promise<Uint8Array> {
  const {
    extensions = [codeSigning],
    spki = sound,
    notBefore = new Date(),
    issuerName = issuer.subject,
  } = parts;
  const { notAfter = new Date(notBefore.getTime() + 600_000) } = parts;
  const algorithm = signatureAlgorithmIdentifier(signer.publicKey.type, signer.hash);
  const tbs = derSequence(
    derExplicit(0, derInteger(2n)),
    derInteger(Uint8Array.of(1, ...randomBytes(15))),
    algorithm,
    issuerName,
    derSequence(derTime(notBefore), derTime(notAfter)),
    derSequence(),
    spki,
    derExplicit(3, derSequence(...extensions)),
  );
  return derSequence(tbs, algorithm, derBitString(await signer.sign(tbs)));
}

/** DER of an extension. */
export function extension(oid: string, value: Uint8Array, critical = false): Uint8Array {
  const content = derOctetString(value);
  return critical ? derSequence(derOid(oid), derBoolean(true), content) : derSequence(derOid(oid), content);
}

/** Extended key usages of a leaf. */
export function usages(...names: readonly string[]): Uint8Array {
  return extension('2.5.29.37', derSequence(...names.map(derOid)));
}

export const codeSigning = usages(oids.codeSigning);
export const poison = extension(oids.precertificatePoison, Uint8Array.of(5, 0), true);
