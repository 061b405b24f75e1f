import type { PublicKey, Signer } from '@sigstead/crypto';
import { encodeCaCertificate } from './ca.ts';
import { Certificate } from './certificate.ts';
import { oids } from './oids.ts';
import { signTbs } from './signature.ts';

/** A code-signing hierarchy like that of the public instance: a root and one issuing CA below it. */
export interface CaChainPlan {
  readonly organization: string;
  readonly root: Signer;
  readonly issuingKey: PublicKey;
  /** Milliseconds are cut off. */
  readonly notBefore: Date;
  readonly rootNotAfter: Date;
  readonly issuingNotAfter: Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * Root (no limit on key usage) and issuing CA (path length 0, code signing), named `<organization> root` and
 * `<organization> intermediate`.
 *
 * @returns issuing CA first
 * @throws X509Error PROFILE
 */
export async function issueCaChain(plan: CaChainPlan): Promise<readonly [Certificate, Certificate]> {
  const { organization, notBefore } = plan;
  const root = Certificate.parse(
    await signTbs(
      encodeCaCertificate({
        serialNumber: randomSerialNumber(plan.randomBytes),
        subject: { organization, commonName: `${organization} root` },
        publicKey: plan.root.publicKey,
        notBefore,
        notAfter: plan.rootNotAfter,
      }),
      plan.root,
    ),
  );
  const issuing = Certificate.parse(
    await signTbs(
      encodeCaCertificate({
        serialNumber: randomSerialNumber(plan.randomBytes),
        issuer: root,
        subject: { organization, commonName: `${organization} intermediate` },
        publicKey: plan.issuingKey,
        notBefore,
        notAfter: plan.issuingNotAfter,
        pathLength: 0,
        extendedKeyUsages: [oids.codeSigning],
      }),
      plan.root,
    ),
  );
  return [issuing, root];
}

/** 158 random bits: positive, and never longer or shorter than the 20 octets of RFC 5280 section 4.1.2.2. */
export function randomSerialNumber(randomBytes: (length: number) => Uint8Array): Uint8Array {
  const serial = Uint8Array.from(randomBytes(20));
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  return serial;
}
