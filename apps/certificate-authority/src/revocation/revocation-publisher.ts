import { readFile } from 'node:fs/promises';
import { assertStrongKey, PrivateKeySigner, type Signer } from '@sigstead/crypto';
import { equalBytes } from '@sigstead/encoding';
import { signRevocationList } from '@sigstead/revocation';
import { ConfigError, readSecret } from '@sigstead/server';
import { encodeCrlTbs, signTbs, X509Error } from '@sigstead/x509';
import { usable, type IssuingAuthority } from '../issuing-authority.ts';
import { RecordError } from '../record/record-error.ts';
import { revokedCertificates } from './certificate-revocations.ts';
import { KeptDocument, type DocumentSource, type PublishedDocument } from './kept-document.ts';
import type { RevocationRegister } from './revocation-register.ts';

export interface RevocationPublisherOptions {
  readonly register: RevocationRegister;
  readonly authority: IssuingAuthority;
  /** Signs the list for verifiers; never the CA's key, which may be what is revoked. */
  readonly signer: Signer;
  /** Of the CRL and of the list, in whole seconds. */
  readonly lifetimeSeconds: number;
  readonly clock: () => Date;
}

/** Seconds take less than this many bits in a CRL number; above them stands the sequence number. */
const SECONDS_BITS = 40n;

/** What the authority publishes about revocations: the CRL, signed by the CA, and the list for verifiers, signed by a key of its own. */
export class RevocationPublisher {
  readonly #authority: IssuingAuthority;
  readonly #signer: Signer;
  readonly #crl: KeptDocument;
  readonly #list: KeptDocument;

  /** @throws ConfigError when the key for the list is weak or the CA's */
  constructor({ register, authority, signer, lifetimeSeconds, clock }: RevocationPublisherOptions) {
    this.#authority = authority;
    this.#signer = signer;
    assertOwnKey(signer, authority);
    const shared = { register, clock, lifetimeMs: lifetimeSeconds * 1000 };
    this.#crl = new KeptDocument({ ...shared, sign: (source) => this.#signCrl(source) });
    this.#list = new KeptDocument({ ...shared, sign: (source) => this.#signList(source) });
  }

  /** DER of the CA's CRL. @throws RecordError UNAVAILABLE, ROLLBACK, NO_CRL */
  crl(): Promise<PublishedDocument> {
    return this.#crl.current();
  }

  /** DSSE envelope, see @sigstead/revocation. @throws RecordError UNAVAILABLE, ROLLBACK */
  list(): Promise<PublishedDocument> {
    return this.#list.current();
  }

  #signList({ revocations, ...validity }: DocumentSource): Promise<Uint8Array> {
    return signRevocationList({ ...validity, revocations }, this.#signer);
  }

  async #signCrl({ sequence, revocations, issuedAt, nextUpdate }: DocumentSource): Promise<Uint8Array> {
    const { certificate, signer } = this.#authority;
    try {
      const tbs = encodeCrlTbs({
        issuer: certificate,
        thisUpdate: issuedAt,
        nextUpdate,
        // Grows with every revocation, and with time between two: replicas need not agree to never give one number to two contents.
        crlNumber: (BigInt(sequence) << SECONDS_BITS) | BigInt(issuedAt.getTime() / 1000),
        revoked: revokedCertificates(revocations, certificate.spkiHash),
      });
      return await signTbs(tbs, signer);
    } catch (cause) {
      if (!(cause instanceof X509Error)) throw cause;
      throw new RecordError('NO_CRL', `this authority has no revocation list: ${cause.message}`, { cause });
    }
  }
}

/** @throws ConfigError naming the file and the reason */
export async function openRevocationKey(keyFile: string, passphraseFile: string): Promise<Signer> {
  const passphrase = await usable('revocation passphrase', passphraseFile, async (path) => readSecret(path));
  return usable('revocation key', keyFile, async (path) =>
    PrivateKeySigner.fromPem(await readFile(path, 'utf8'), passphrase),
  );
}

function assertOwnKey({ publicKey }: Signer, { chain }: IssuingAuthority): void {
  if (chain.some(({ spki }) => equalBytes(spki, publicKey.spki)))
    throw new ConfigError('the revocation key is a key of the CA, want one of its own');
  try {
    assertStrongKey(publicKey);
  } catch (cause) {
    throw new ConfigError(`the revocation key is not fit to sign: ${(cause as Error).message}`, { cause });
  }
}
