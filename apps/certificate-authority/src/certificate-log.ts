import { ClientError, type CtClient } from '@sigstead/client';
import type { PublicKey } from '@sigstead/crypto';
import {
  verifyPrecertificateSct,
  X509Error,
  type Certificate,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import { IssuanceError } from './issuance-error.ts';

/** Fulcio's text, word for word; the reason follows. */
const NOT_ENTERED = 'Error entering certificate in CTL';

/** The certificate transparency log every certificate is announced to. */
export class CertificateLog {
  readonly #client: CtClient;
  readonly #publicKey: PublicKey;

  constructor(client: CtClient, publicKey: PublicKey) {
    this.#client = client;
    this.#publicKey = publicKey;
  }

  /**
   * Announces a precertificate and verifies the log's promise (RFC 6962 section 3.2): an SCT that does not verify here
   * would make a certificate every client refuses.
   *
   * @param authorities issuing CA first, root last
   * @throws IssuanceError LOG_UNAVAILABLE, LOG_REFUSED
   */
  async announce(
    precertificate: Certificate,
    authorities: readonly Certificate[],
  ): Promise<SignedCertificateTimestamp> {
    const [issuer] = authorities as [Certificate, ...Certificate[]];
    const sct = await this.#submit([precertificate, ...authorities].map(({ raw }) => raw));
    try {
      verifyPrecertificateSct(precertificate, issuer, sct, this.#publicKey);
    } catch (cause) {
      if (!(cause instanceof X509Error)) throw cause;
      throw new IssuanceError('LOG_REFUSED', `${NOT_ENTERED}: its timestamp does not verify`, { cause });
    }
    return sct;
  }

  async #submit(chain: readonly Uint8Array[]): Promise<SignedCertificateTimestamp> {
    try {
      return await this.#client.addPreChain(chain);
    } catch (cause) {
      if (!(cause instanceof ClientError)) throw cause;
      const code = mayPass(cause) ? 'LOG_UNAVAILABLE' : 'LOG_REFUSED';
      throw new IssuanceError(code, `${NOT_ENTERED}: ${describe(cause)}`, { cause });
    }
  }
}

/** Whether the same submission may succeed a little later. */
function mayPass({ code, status = 0 }: ClientError): boolean {
  return code === 'UNREACHABLE' || code === 'TIMEOUT' || status >= 500 || status === 429 || status === 408;
}

/** Enough for the caller to know whose fault it is; addresses and the log's own words stay in our log. */
function describe({ code, status }: ClientError): string {
  switch (code) {
    case 'UNREACHABLE':
      return 'the log cannot be reached';
    case 'TIMEOUT':
      return 'the log did not answer in time';
    case 'STATUS':
      return `the log answered ${status}`;
    default:
      return 'the log answered something else than a timestamp';
  }
}
