import { readFile } from 'node:fs/promises';
import { assertStrongKey, PrivateKeySigner, type Signer } from '@sigstead/crypto';
import { ConfigError, readSecret } from '@sigstead/server';
import { verifySignerChain } from '@sigstead/timestamp';
import { Certificate } from '@sigstead/x509';
import { usable } from '../issuing-authority.ts';

export interface TimestampSignerFiles {
  readonly keyFile: string;
  readonly passphraseFile: string;
  readonly chainFile: string;
}

/** The timestamp signer's key and certificates. Exists only when they fit together. */
export class TimestampSigner {
  readonly signer: Signer;
  /** Signer first, root last. */
  readonly chain: readonly Certificate[];
  /** Until when every certificate of the chain is valid. */
  readonly notAfter: Date;

  /**
   * @throws ConfigError when the chain is no path for timestamping alone, is not valid at `now`, is not the key's, or the
   *   key is of a kind that clients do not verify timestamps of
   */
  constructor(signer: Signer, chain: readonly Certificate[], now: Date) {
    this.signer = signer;
    this.chain = chain;
    assertKey(signer);
    try {
      this.assertValidAt(now);
    } catch (cause) {
      throw new ConfigError((cause as Error).message, { cause });
    }
    this.notAfter = new Date(Math.min(...chain.map(({ notAfter }) => notAfter.getTime())));
  }

  /** Reads key and chain from files. @throws ConfigError also when a file is unusable */
  static async open(files: TimestampSignerFiles, now: Date): Promise<TimestampSigner> {
    const chain = await usable('timestamp chain', files.chainFile, async (path) =>
      Certificate.chainFromPem(await readFile(path, 'utf8')),
    );
    const passphrase = await usable('timestamp passphrase', files.passphraseFile, async (path) =>
      readSecret(path),
    );
    const signer = await usable('timestamp key', files.keyFile, async (path) =>
      PrivateKeySigner.fromPem(await readFile(path, 'utf8'), passphrase),
    );
    return new TimestampSigner(signer, chain, now);
  }

  /** @throws TimestampError CHAIN */
  assertValidAt(now: Date): void {
    verifySignerChain(this.chain, this.signer.publicKey, now);
  }
}

function assertKey({ publicKey }: Signer): void {
  if (publicKey.type === 'Ed25519') {
    throw new ConfigError(
      'timestamp key is Ed25519, want ECDSA or RSA: openssl and sigstore-js verify no other',
    );
  }
  try {
    assertStrongKey(publicKey);
  } catch (cause) {
    throw new ConfigError(`timestamp key is not fit to sign: ${(cause as Error).message}`, { cause });
  }
}
