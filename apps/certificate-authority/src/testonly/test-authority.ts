import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateKeySigner, type KeyType } from '@sigstead/crypto';
import { Certificate, encodeCaCertificate, oids, signTbs, type CaProfile } from '@sigstead/x509';

const HOUR_MS = 3_600_000;

export interface TestChain {
  readonly root: Certificate;
  readonly intermediate: Certificate;
  readonly rootKey: PrivateKeySigner;
  readonly key: PrivateKeySigner;
}

/** Root and issuing CA as the ceremony makes them, valid for a day around `now`, or as the overrides want them. */
export async function makeTestChain(
  now: Date,
  options: { keyType?: KeyType; root?: Partial<CaProfile>; intermediate?: Partial<CaProfile> } = {},
): Promise<TestChain> {
  const rootKey = PrivateKeySigner.generate(options.keyType ?? 'P-384');
  const key = PrivateKeySigner.generate(options.keyType ?? 'P-384');
  const validity = {
    notBefore: new Date(now.getTime() - HOUR_MS),
    notAfter: new Date(now.getTime() + 24 * HOUR_MS),
  };
  const root = await certificate(rootKey, {
    subject: { organization: 'octo', commonName: 'root' },
    publicKey: rootKey.publicKey,
    ...validity,
    ...options.root,
  });
  const intermediate = await certificate(rootKey, {
    subject: { organization: 'octo', commonName: 'issuing' },
    issuer: root,
    publicKey: key.publicKey,
    pathLength: 0,
    extendedKeyUsages: [oids.codeSigning],
    ...validity,
    ...options.intermediate,
  });
  return { root, intermediate, rootKey, key };
}

async function certificate(
  signer: PrivateKeySigner,
  profile: Omit<CaProfile, 'serialNumber'>,
): Promise<Certificate> {
  const serialNumber = Uint8Array.from(randomBytes(16));
  serialNumber[0] = 0x11;
  return Certificate.parse(await signTbs(encodeCaCertificate({ ...profile, serialNumber }), signer));
}

/** The files a service is started with, in a folder of their own. */
export class TestFiles {
  private constructor(readonly directory: string) {}

  static async make(): Promise<TestFiles> {
    return new TestFiles(await mkdtemp(join(tmpdir(), 'certificate-authority-')));
  }

  async write(name: string, content: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  async writeAuthority(
    chain: readonly Certificate[],
    key: PrivateKeySigner,
  ): Promise<{ keyFile: string; passphraseFile: string; chainFile: string }> {
    return {
      keyFile: await this.write('ca.key.pem', key.toEncryptedPem('secret words')),
      passphraseFile: await this.write('passphrase', 'secret words\n'),
      chainFile: await this.write('chain.pem', chain.map((one) => one.toPem()).join('')),
    };
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }
}
