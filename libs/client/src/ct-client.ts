import { decodeBase64, encodeBase64, EncodingError, TlsReader } from '@sigstead/encoding';
import type { SignedCertificateTimestamp } from '@sigstead/x509';
import { z } from 'zod';
import { call, expectJson, hostOf, type Call, type ServiceOptions } from './call.ts';
import { ClientError } from './errors.ts';

const base64 = (maxLength: number) => z.string().max(maxLength);
const addChainAnswer = z.object({
  sct_version: z.literal(0),
  id: base64(64),
  timestamp: z.number().int().nonnegative(),
  extensions: base64(4096).optional(),
  signature: base64(4096),
});

/** Client of a certificate transparency log (RFC 6962 section 4). */
export class CtClient {
  constructor(readonly options: ServiceOptions) {}

  /**
   * Submits a precertificate. Not retried here; a log answers the same submission with the same or a later timestamp.
   *
   * @param chain DER: precertificate first, then its issuer, up to a root the log knows
   * @throws ClientError; the SCT's signature is for the caller to verify
   */
  async addPreChain(chain: readonly Uint8Array[]): Promise<SignedCertificateTimestamp> {
    const asked: Call = {
      step: 'signed certificate timestamp',
      method: 'POST',
      path: '/ct/v1/add-pre-chain',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ chain: chain.map(encodeBase64) }),
    };
    const answer = expectJson(this.options, asked, await call(this.options, asked), [200], addChainAnswer);
    try {
      return toSct(answer);
    } catch (cause) {
      if (!(cause instanceof EncodingError)) throw cause;
      const { step } = asked;
      const host = hostOf(this.options.baseUrl);
      throw new ClientError(
        'MALFORMED',
        `${step}: ${host} answered with a malformed timestamp: ${cause.message}`,
        { step, host, cause },
      );
    }
  }
}

function toSct(answer: z.infer<typeof addChainAnswer>): SignedCertificateTimestamp {
  const logId = decodeBase64(answer.id);
  if (logId.length !== 32) throw new EncodingError('TLS', `log ID of ${logId.length} bytes, want 32`);
  // DigitallySigned (RFC 5246 section 4.7): hash, signature algorithm, opaque signature<0..2^16-1>
  const signed = new TlsReader(decodeBase64(answer.signature));
  const hashAlgorithm = signed.u8();
  const signatureAlgorithm = signed.u8();
  const signature = signed.vector16();
  signed.end();
  return {
    version: 0,
    logId,
    timestampMs: BigInt(answer.timestamp),
    extensions: decodeBase64(answer.extensions ?? ''),
    hashAlgorithm,
    signatureAlgorithm,
    signature,
  };
}
