import { encodeBase64 } from '@sigstead/encoding';
import { z } from 'zod';
import { call, expectJson, type Call, type ServiceOptions } from './call.ts';

const MAX_CHAIN = 10;
const MAX_PEM = 64 * 1024;
const pemChain = z.object({ certificates: z.array(z.string().min(1).max(MAX_PEM)).min(1).max(MAX_CHAIN) });
const signingCertificate = z.object({ signedCertificateEmbeddedSct: z.object({ chain: pemChain }) });
const trustBundle = z.object({ chains: z.array(pemChain).max(100) });

export interface CertificateRequest {
  /** OIDC identity token. It leaves in the `Authorization` header and appears nowhere else. */
  readonly token: string;
  /** `PUBLIC KEY` */
  readonly publicKeyPem: string;
  /** Signature over the token's challenge claim, made with the key. */
  readonly proofOfPossession: Uint8Array;
}

/** Client of a Fulcio v2 certificate authority. */
export class FulcioClient {
  constructor(readonly options: ServiceOptions) {}

  /**
   * Asks for a short-lived certificate with embedded SCT. Not retried: each success is a new entry in the CT log.
   *
   * @returns the chain as PEM texts, leaf first
   * @throws ClientError STATUS 400 with the authority's reason when it refuses token, key or proof
   */
  async createSigningCertificate(request: CertificateRequest): Promise<{ chainPem: string[] }> {
    const asked: Call = {
      step: 'signing certificate',
      method: 'POST',
      path: '/api/v2/signingCert',
      headers: { authorization: `Bearer ${headerValue(request.token)}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        publicKeyRequest: {
          publicKey: { algorithm: 'ECDSA', content: request.publicKeyPem },
          proofOfPossession: encodeBase64(request.proofOfPossession),
        },
      }),
    };
    const answer = await call(this.options, asked);
    const { signedCertificateEmbeddedSct } = expectJson(
      this.options,
      asked,
      answer,
      [200, 201],
      signingCertificate,
    );
    return { chainPem: signedCertificateEmbeddedSct.chain.certificates };
  }

  /** The chains of the authority, each issuing certificate first. For display: trust comes from the trusted root. */
  async trustBundle(): Promise<{ chains: string[][] }> {
    const asked: Call = { step: 'trust bundle', method: 'GET', path: '/api/v2/trustBundle' };
    const { chains } = expectJson(this.options, asked, await call(this.options, asked), [200], trustBundle);
    return { chains: chains.map(({ certificates }) => certificates) };
  }
}

/** Header values are one line of visible text; a token that is not would make `fetch` quote it in its error. */
function headerValue(token: string): string {
  return /^[\x21-\x7e]+$/.test(token) ? token : 'invalid';
}
