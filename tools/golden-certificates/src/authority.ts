import { randomBytes } from 'node:crypto';
import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import { Certificate, encodeCaCertificate, oids, signTbs, type CaProfile } from '@sigstead/x509';

const HOUR_MS = 3_600_000;

/** A root and an issuing CA, in the profile of the public instance. */
export interface Authority {
  /** Issuing CA first. */
  readonly chain: readonly [issuing: Certificate, root: Certificate];
  readonly key: PrivateKeySigner;
}

export async function makeAuthority(type: KeyType, now: Date): Promise<Authority> {
  const validity = {
    notBefore: new Date(now.getTime() - HOUR_MS),
    notAfter: new Date(now.getTime() + 24 * HOUR_MS),
  };
  const rootKey = PrivateKeySigner.generate(type);
  const key = PrivateKeySigner.generate(type);
  const root = await certify(rootKey, {
    subject: { organization: 'golden', commonName: 'golden root' },
    publicKey: rootKey.publicKey,
    ...validity,
  });
  const issuing = await certify(rootKey, {
    subject: { organization: 'golden', commonName: 'golden issuing' },
    issuer: root,
    publicKey: key.publicKey,
    pathLength: 0,
    extendedKeyUsages: [oids.codeSigning],
    ...validity,
  });
  return { chain: [issuing, root], key };
}

async function certify(
  signer: PrivateKeySigner,
  profile: Omit<CaProfile, 'serialNumber'>,
): Promise<Certificate> {
  const serialNumber = Uint8Array.from(randomBytes(16));
  serialNumber[0] = 0x40;
  return Certificate.parse(await signTbs(encodeCaCertificate({ ...profile, serialNumber }), signer));
}
