import { readFile, writeFile } from 'node:fs/promises';
import { assertStrongKey, PrivateKeySigner, type Signer } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { ConfigError, readSecret } from '@sigstead/server';
import { Certificate, issueCaChain, oids, verifyChain } from '@sigstead/x509';
import { IssuanceError } from './issuance-error.ts';

/** Fulcio's lifetime, which clients and logs count on. */
export const LIFETIME_MS = 10 * 60_000;

/** A CA that was made before. */
export interface AuthorityFiles {
  /** PKCS#8 PEM of the issuing CA's key, encrypted. */
  readonly keyFile: string;
  readonly passphraseFile: string;
  /** PEM: the issuing CA first, its self-signed root last. */
  readonly chainFile: string;
}

/** A CA that lives as long as the process, for tests. */
export interface EphemeralAuthority {
  readonly ephemeralKeyType: 'P-256' | 'P-384';
  /** Where its chain is written, for the log and for who verifies. */
  readonly chainFile: string;
}

const EPHEMERAL_LIFETIME_MS = 365 * 24 * 60 * 60_000;

/** The issuing CA: its key, its certificate and what stands above it. Exists only when they fit together. */
export class IssuingAuthority {
  readonly signer: Signer;
  /** Issuing CA first, root last. */
  readonly chain: readonly Certificate[];

  /**
   * @throws ConfigError when key and chain do not belong together, the chain is no path of code-signing CAs valid at `now`, the
   *   issuing CA lacks a subject key identifier, or it ends before a certificate issued now would
   */
  constructor(signer: Signer, chain: readonly Certificate[], now: Date) {
    this.signer = signer;
    this.chain = chain;
    this.#assertKey();
    this.#assertPath(now);
    if (this.certificate.subjectKeyIdentifier === undefined) {
      throw new ConfigError(
        `${this.certificate.describe()} has no subject key identifier, which certificates must refer to`,
      );
    }
    try {
      this.assertCovers(now, new Date(now.getTime() + LIFETIME_MS));
    } catch (cause) {
      throw new ConfigError((cause as Error).message, { cause });
    }
  }

  /** Reads key and chain from files. @throws ConfigError also when a file is unusable */
  static async open(files: AuthorityFiles, now: Date): Promise<IssuingAuthority> {
    const chain = await usable('CA chain', files.chainFile, async (path) =>
      Certificate.chainFromPem(await readFile(path, 'utf8')),
    );
    const passphrase = await usable('CA passphrase', files.passphraseFile, async (path) => readSecret(path));
    const signer = await usable('CA key', files.keyFile, async (path) =>
      PrivateKeySigner.fromPem(await readFile(path, 'utf8'), passphrase),
    );
    return new IssuingAuthority(signer, chain, now);
  }

  /** Makes keys and chain. The root's key is forgotten at once. @throws ConfigError when the chain cannot be written */
  static async makeEphemeral(
    { ephemeralKeyType, chainFile }: EphemeralAuthority,
    now: Date,
    randomBytes: (length: number) => Uint8Array,
  ): Promise<IssuingAuthority> {
    const signer = PrivateKeySigner.generate(ephemeralKeyType);
    const notAfter = new Date(now.getTime() + EPHEMERAL_LIFETIME_MS);
    const chain = await issueCaChain({
      organization: 'ephemeral',
      root: PrivateKeySigner.generate(ephemeralKeyType),
      issuingKey: signer.publicKey,
      notBefore: now,
      rootNotAfter: notAfter,
      issuingNotAfter: notAfter,
      randomBytes,
    });
    await usable('CA chain', chainFile, (path) =>
      writeFile(path, chain.map((certificate) => certificate.toPem()).join('')),
    );
    return new IssuingAuthority(signer, chain, now);
  }

  /** The issuing CA's certificate. */
  get certificate(): Certificate {
    const [certificate] = this.chain;
    if (certificate === undefined) throw new ConfigError('CA chain is empty');
    return certificate;
  }

  /** Until when every certificate of the chain is valid. */
  get notAfter(): Date {
    return new Date(Math.min(...this.chain.map(({ notAfter }) => notAfter.getTime())));
  }

  /**
   * Whether the whole chain is valid for as long as the certificate would be: a chain that ends earlier would leave
   * signatures nobody can verify.
   *
   * @throws IssuanceError AUTHORITY_VALIDITY
   */
  assertCovers(notBefore: Date, notAfter: Date): void {
    for (const certificate of this.chain) {
      if (
        certificate.notBefore.getTime() <= notBefore.getTime() &&
        notAfter.getTime() <= certificate.notAfter.getTime()
      )
        continue;
      const validity = `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`;
      throw new IssuanceError(
        'AUTHORITY_VALIDITY',
        `${certificate.describe()} is valid from ${validity}, which does not cover a certificate until ${notAfter.toISOString()}`,
      );
    }
  }

  #assertKey(): void {
    const { publicKey } = this.certificate;
    if (!equalBytes(publicKey.spki, this.signer.publicKey.spki)) {
      throw new ConfigError(
        `the CA key does not belong to ${this.certificate.describe()}, the first certificate of the chain`,
      );
    }
    try {
      assertStrongKey(publicKey);
    } catch (cause) {
      throw new ConfigError(`the CA key is not fit to issue: ${(cause as Error).message}`, { cause });
    }
  }

  #assertPath(now: Date): void {
    const [issuing, ...above] = this.chain as [Certificate, ...Certificate[]];
    if (above.length === 0)
      throw new ConfigError('CA chain has one certificate, want the issuing CA and what stands above it');
    try {
      const path = verifyChain(issuing, above, now, {
        extendedKeyUsage: oids.codeSigning,
        target: 'certificate-authority',
      });
      if (path.length === this.chain.length) return;
    } catch (cause) {
      throw new ConfigError(`CA chain is not usable: ${(cause as Error).message}`, { cause });
    }
    throw new ConfigError(
      'CA chain holds certificates that do not belong to the path from issuing CA to root',
    );
  }
}

/** What a file holds. @throws ConfigError naming the file and the reason, never its content */
export async function usable<T>(what: string, path: string, read: (path: string) => Promise<T>): Promise<T> {
  try {
    return await read(path);
  } catch (cause) {
    throw new ConfigError(`${what} in ${path} is not usable: ${(cause as Error).message}`, { cause });
  }
}
