import { PrivateKeySigner, type Signer } from '@sigstead/crypto';
import { createTimestampResponse, parseTimeStampReq } from '@sigstead/timestamp';
import type { CertificateAuthority } from '@sigstead/trust';
import { Certificate, encodeCaCertificate, encodeTimestampSignerCertificate, signTbs } from '@sigstead/x509';

const START = new Date('2026-01-01T00:00:00Z');
const VALIDITY = { notBefore: START, notAfter: new Date('2036-01-01T00:00:00Z') };
const POLICY = '1.3.6.1.4.1.57264.2';

/** A timestamp authority with its own root. */
export class SmallTimestampAuthority {
  #serial = 0;

  private constructor(
    readonly signer: Signer,
    readonly chain: readonly Certificate[],
  ) {}

  static async create(): Promise<SmallTimestampAuthority> {
    const organization = 'sigstead.test';
    const [rootSigner, signer] = [PrivateKeySigner.generate('P-384'), PrivateKeySigner.generate('P-256')];
    const root = Certificate.parse(
      await signTbs(
        encodeCaCertificate({
          ...VALIDITY,
          serialNumber: Uint8Array.of(8),
          subject: { organization, commonName: 'timestamp root' },
          publicKey: rootSigner.publicKey,
          pathLength: 0,
        }),
        rootSigner,
      ),
    );
    const leaf = encodeTimestampSignerCertificate({
      ...VALIDITY,
      serialNumber: Uint8Array.of(9),
      subject: { organization, commonName: 'timestamp' },
      issuer: root,
      publicKey: signer.publicKey,
    });
    return new SmallTimestampAuthority(signer, [Certificate.parse(await signTbs(leaf, rootSigner)), root]);
  }

  get instance(): CertificateAuthority {
    return {
      uri: 'http://127.0.0.1/api/v1/timestamp',
      subject: { organization: 'sigstead.test', commonName: 'timestamp' },
      certificates: this.chain,
      validFor: { start: START },
    };
  }

  answer(request: Uint8Array, genTime: Date): Promise<Uint8Array> {
    return createTimestampResponse(parseTimeStampReq(request), {
      signer: this.signer,
      chain: this.chain,
      policy: { accepted: [POLICY], default: POLICY },
      genTime,
      serialNumber: Uint8Array.of(1, this.#serial >> 8, this.#serial++ & 0xff),
      accuracySeconds: 1,
      includeChain: false,
    });
  }
}
