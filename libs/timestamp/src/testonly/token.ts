import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { digest, PrivateKeySigner, signatureAlgorithmIdentifier, type HashAlgorithm } from '@sigstead/crypto';
import {
  der,
  derExplicit,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTime,
  tags,
} from '@sigstead/encoding';
import type { Certificate, TimestampSignerProfile } from '@sigstead/x509';
import { digestAlgorithmWithNull } from '../digest-algorithm.ts';
import { oids } from '../oids.ts';
import { encodeSigningCertificate } from '../signing-certificate.ts';
import { makeTimestampSigner, NOW, type TestCa } from './authority.ts';
import { ARTIFACT } from './request.ts';

export type TestKeyType = 'P-256' | 'P-384' | 'P-521' | 'RSA';

/** An authority whose key signs with any hash, unlike a signer of `@sigstead/crypto`. */
export interface TestAuthority {
  readonly chain: readonly Certificate[];
  readonly leaf: Certificate;
  readonly type: TestKeyType;
  readonly issuer: TestCa;
  readonly privateKey: KeyObject;
}

export async function makeAuthority(
  type: TestKeyType,
  options: { above?: readonly TestCa[]; profile?: Partial<TimestampSignerProfile> } = {},
): Promise<TestAuthority> {
  const { privateKey } =
    type === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: type });
  const signer = PrivateKeySigner.fromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
  const { chain, issuer } = await makeTimestampSigner(type, { ...options, signer });
  return { chain, leaf: chain[0] as Certificate, type, issuer, privateKey };
}

/** Fields of a TSTInfo in DER; what is left out takes the form Sigstore's authority writes. */
export interface TstInfoParts {
  readonly version?: Uint8Array;
  readonly policy?: Uint8Array;
  readonly imprint?: Uint8Array;
  readonly serialNumber?: Uint8Array;
  readonly genTime?: Uint8Array;
  /** Accuracy and what follows. */
  readonly rest?: readonly Uint8Array[];
}

/** The signed attributes of Sigstore's authority, each DER. */
export interface TestAttributes {
  readonly contentType: Uint8Array;
  readonly signingTime: Uint8Array;
  readonly messageDigest: Uint8Array;
  readonly signingCertificate: Uint8Array;
}

/** Parts of a response, DER unless they are something else; what is left out takes the usual form. */
export interface ResponseParts {
  readonly status?: Uint8Array;
  readonly tokenType?: string;
  readonly version?: Uint8Array;
  readonly digestAlgorithms?: readonly Uint8Array[];
  readonly contentType?: string;
  readonly tstInfo?: TstInfoParts;
  /** What stands in the eContent in the place of an OCTET STRING with the TSTInfo. */
  readonly content?: Uint8Array;
  /** Between content and signers: certificates, revocation lists. None by default. */
  readonly extra?: readonly Uint8Array[];
  readonly signerInfos?: (one: Uint8Array) => readonly Uint8Array[];
  readonly signer?: SignerParts;
}

export interface SignerParts {
  readonly version?: Uint8Array;
  readonly sid?: Uint8Array;
  readonly hash?: HashAlgorithm;
  readonly digestAlgorithm?: Uint8Array;
  readonly attributes?: (usual: TestAttributes) => readonly Uint8Array[];
  /** Leaves the attributes in their order, and signs them so. */
  readonly unsorted?: true;
  /** In the place of `[0]` with the attributes. */
  readonly attributesElement?: (set: Uint8Array) => readonly Uint8Array[];
  readonly signatureAlgorithm?: Uint8Array;
  readonly signature?: (signature: Uint8Array) => Uint8Array;
  readonly rest?: readonly Uint8Array[];
}

export function encodeTstInfo(parts: TstInfoParts = {}): Uint8Array {
  return derSequence(
    parts.version ?? derInteger(1n),
    parts.policy ?? derOid('1.3.6.1.4.1.57264.2'),
    parts.imprint ?? imprint('sha256'),
    parts.serialNumber ?? derInteger(0x1234n),
    parts.genTime ?? derGeneralizedTime(NOW),
    ...(parts.rest ?? []),
  );
}

export function imprint(hash: HashAlgorithm, hashedMessage = digest(hash, ARTIFACT)): Uint8Array {
  return derSequence(digestAlgorithmWithNull(hash), derOctetString(hashedMessage));
}

/** AlgorithmIdentifier with parameters, NULL unless told. */
export function algorithm(oid: string, parameters: readonly Uint8Array[] = [derNull()]): Uint8Array {
  return derSequence(derOid(oid), ...parameters);
}

export function attribute(oid: string, ...values: readonly Uint8Array[]): Uint8Array {
  return derSequence(derOid(oid), derSet(...values));
}

/** `[n] IMPLICIT` of a constructed element. */
export function implicit(n: number, element: Uint8Array): Uint8Array {
  const retagged = Uint8Array.from(element);
  retagged[0] = tags.contextConstructed | n;
  return retagged;
}

/** `certificates [0]` as they are given, in this order. */
export function certificates(...list: readonly Uint8Array[]): Uint8Array {
  return der(tags.contextConstructed | 0, ...list);
}

export function makeResponse(authority: TestAuthority, parts: ResponseParts = {}): Uint8Array {
  return derSequence(parts.status ?? derSequence(derInteger(0n)), makeToken(authority, parts));
}

/** TimeStampToken. */
export function makeToken(authority: TestAuthority, parts: ResponseParts = {}): Uint8Array {
  const { signer = {} } = parts;
  const hash = signer.hash ?? 'sha256';
  const tstInfo = encodeTstInfo(parts.tstInfo);
  const signerInfo = makeSignerInfo(authority, tstInfo, hash, signer);
  const signedData = derSequence(
    parts.version ?? derInteger(3n),
    derSet(...(parts.digestAlgorithms ?? [digestAlgorithmWithNull(hash)])),
    derSequence(
      derOid(parts.contentType ?? oids.tstInfo),
      derExplicit(0, parts.content ?? derOctetString(tstInfo)),
    ),
    ...(parts.extra ?? []),
    derSet(...(parts.signerInfos?.(signerInfo) ?? [signerInfo])),
  );
  return derSequence(derOid(parts.tokenType ?? oids.signedData), derExplicit(0, signedData));
}

function makeSignerInfo(
  authority: TestAuthority,
  tstInfo: Uint8Array,
  hash: HashAlgorithm,
  parts: SignerParts,
): Uint8Array {
  const { leaf, privateKey, type } = authority;
  const usual: TestAttributes = {
    contentType: attribute(oids.contentType, derOid(oids.tstInfo)),
    signingTime: attribute(oids.signingTime, derTime(NOW)),
    messageDigest: attribute(oids.messageDigest, derOctetString(digest(hash, tstInfo))),
    signingCertificate: attribute(oids.signingCertificateV2, encodeSigningCertificate(leaf, 'sha256')),
  };
  const attributes = parts.attributes?.(usual) ?? Object.values<Uint8Array>({ ...usual });
  const set = parts.unsorted ? der(tags.set, ...attributes) : derSet(...attributes);
  const signature = new Uint8Array(sign(hash, set, { key: privateKey, dsaEncoding: 'der' }));
  return derSequence(
    parts.version ?? derInteger(1n),
    parts.sid ?? derSequence(leaf.issuer, derInteger(leaf.serialNumber)),
    parts.digestAlgorithm ?? digestAlgorithmWithNull(hash),
    ...(parts.attributesElement?.(set) ?? [implicit(0, set)]),
    parts.signatureAlgorithm ?? signatureAlgorithmIdentifier(type, hash),
    derOctetString(parts.signature?.(signature) ?? signature),
    ...(parts.rest ?? []),
  );
}
