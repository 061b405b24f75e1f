import { BundleError, parseTlogEntry, type TransparencyLogEntry } from '@sigstead/bundle';
import { encodeBase64 } from '@sigstead/encoding';
import { assertStatus, call, malformed, type Call, type ServiceOptions } from './call.ts';

/** A signature over a digest, with what verifies it: all that Rekor v2 logs. */
export interface SignedDigest {
  /** Made with the hash of `keyDetails`. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  /** DER of a certificate or of a SubjectPublicKeyInfo. */
  readonly verifier: { readonly form: 'x509Certificate' | 'publicKey'; readonly rawBytes: Uint8Array };
  /** Name in Sigstore's algorithm registry, such as `PKIX_ECDSA_P256_SHA_256`. */
  readonly keyDetails: string;
}

/** Client of a Rekor v2 transparency log (rekor_service.proto over HTTP). */
export class RekorV2Client {
  constructor(readonly options: ServiceOptions) {}

  /**
   * Logs a signature as hashedrekord 0.0.2 and waits for its inclusion proof. Not retried: stock Rekor v2 answers 409 to what it has
   * already, and has no way to ask for it.
   *
   * @returns the entry as it goes into a bundle, its shape checked; nothing in it has been verified
   * @throws ClientError
   */
  async add({ digest, signature, verifier, keyDetails }: SignedDigest): Promise<TransparencyLogEntry> {
    const asked: Call = {
      step: 'log entry',
      method: 'POST',
      path: '/api/v2/log/entries',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        hashedRekordRequestV002: {
          digest: encodeBase64(digest),
          signature: {
            content: encodeBase64(signature),
            verifier: {
              [verifier.form]: { rawBytes: encodeBase64(verifier.rawBytes) },
              keyDetails,
            },
          },
        },
      }),
    };
    const answer = await call(this.options, asked);
    assertStatus(this.options, asked, answer, [200, 201]);
    try {
      return parseTlogEntry(answer.bytes);
    } catch (cause) {
      if (!(cause instanceof BundleError)) throw cause;
      throw malformed(this.options, asked, answer, `answered with no usable entry: ${cause.message}`, cause);
    }
  }
}
