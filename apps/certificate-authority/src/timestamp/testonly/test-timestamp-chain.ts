import { randomBytes } from 'node:crypto';
import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import {
  Certificate,
  encodeCaCertificate,
  encodeTimestampSignerCertificate,
  signTbs,
  type TimestampSignerProfile,
} from '@sigstead/x509';

const DAY_MS = 86_400_000;

export interface TestTimestampChain {
  readonly key: PrivateKeySigner;
  readonly rootKey: PrivateKeySigner;
  readonly leaf: Certificate;
  readonly root: Certificate;
}

/** Root and timestamp signer as the ceremony makes them, valid from a day before `now` to ten after, or as told. */
export async function makeTimestampChain(
  now: Date,
  keyType: KeyType = 'P-256',
  profile: Partial<TimestampSignerProfile> = {},
): Promise<TestTimestampChain> {
  const [rootKey, key] = [PrivateKeySigner.generate('P-384'), PrivateKeySigner.generate(keyType)];
  const validity = {
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + 10 * DAY_MS),
  };
  const rootTbs = encodeCaCertificate({
    serialNumber: serialNumber(),
    subject: { organization: 'octo', commonName: 'timestamp root' },
    publicKey: rootKey.publicKey,
    pathLength: 0,
    ...validity,
  });
  const root = Certificate.parse(await signTbs(rootTbs, rootKey));
  const leafTbs = encodeTimestampSignerCertificate({
    serialNumber: serialNumber(),
    subject: { organization: 'octo', commonName: 'timestamp' },
    issuer: root,
    publicKey: key.publicKey,
    ...validity,
    ...profile,
  });
  return { key, rootKey, leaf: Certificate.parse(await signTbs(leafTbs, rootKey)), root };
}

function serialNumber(): Uint8Array {
  const value = Uint8Array.from(randomBytes(16));
  value[0] = 0x11;
  return value;
}
