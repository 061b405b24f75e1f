import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { derBoolean, derInteger, derNull, derOctetString, derOid, derSequence } from '@sigstead/encoding';
import { createTimestampResponse, parseTimeStampReq } from '@sigstead/timestamp';
import type { CertificateAuthority } from '@sigstead/trust';
import { Certificate, encodeTimestampSignerCertificate, signTbs } from '@sigstead/x509';
import { makeCa, serialNumber } from './certificates.ts';

const SHA256_OID = '2.16.840.1.101.3.4.2.1';
const POLICY = '1.3.6.1.4.1.57264.2';
const VALIDITY = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') };

/** A timestamp authority with a root of its own. */
export class MiniTimestampAuthority {
  readonly authority: CertificateAuthority;
  readonly #signer: PrivateKeySigner;

  static async create(name: string, notAfter = VALIDITY.notAfter): Promise<MiniTimestampAuthority> {
    const validity = { ...VALIDITY, notAfter };
    const rootSigner = PrivateKeySigner.generate('P-384');
    const root = await makeCa(
      {
        ...validity,
        subject: { organization: 'sigstead.test', commonName: `${name} root` },
        publicKey: rootSigner.publicKey,
      },
      rootSigner,
    );
    const signer = PrivateKeySigner.generate('P-256');
    const tbs = encodeTimestampSignerCertificate({
      ...validity,
      serialNumber: serialNumber(),
      subject: { organization: 'sigstead.test', commonName: name },
      issuer: root,
      publicKey: signer.publicKey,
    });
    const leaf = Certificate.parse(await signTbs(tbs, rootSigner));
    return new MiniTimestampAuthority(name, [leaf, root], signer);
  }

  private constructor(name: string, certificates: readonly Certificate[], signer: PrivateKeySigner) {
    this.#signer = signer;
    this.authority = {
      uri: `https://${name}.sigstead.test/api/v1/timestamp`,
      subject: { organization: 'sigstead.test', commonName: name },
      certificates,
      validFor: { start: VALIDITY.notBefore },
    };
  }

  /** TimeStampResp over the message. */
  timestamp(message: Uint8Array, genTime: Date, certReq = true): Promise<Uint8Array> {
    const imprint = derSequence(derSequence(derOid(SHA256_OID), derNull()), derOctetString(sha256(message)));
    const request = parseTimeStampReq(
      derSequence(derInteger(1n), imprint, ...(certReq ? [derBoolean(true)] : [])),
    );
    return createTimestampResponse(request, {
      signer: this.#signer,
      chain: this.authority.certificates,
      policy: { default: POLICY, accepted: [POLICY] },
      genTime,
      serialNumber: serialNumber(),
      accuracySeconds: 1,
      includeChain: false,
    });
  }
}
