import { sha256 } from '@sigstead/crypto';
import { DerReader, EncodingError, tags } from '@sigstead/encoding';
import { encodeTimeStampReq } from '@sigstead/timestamp';
import { assertStatus, call, malformed, type Call, type ServiceOptions } from './call.ts';

/** A timestamp without certificates has a few hundred bytes, one with a long RSA chain some thousands. */
const MAX_TIMESTAMP_BYTES = 64 * 1024;

/** PKIStatus of RFC 3161 section 2.4.2: granted, and granted with modifications. */
const GRANTED: readonly bigint[] = [0n, 1n];

/** Client of a timestamp authority (RFC 3161 over HTTP, section 3.4). Its base URL is the whole URL that is asked. */
export class TimestampClient {
  constructor(readonly options: ServiceOptions) {}

  /**
   * Has a signature timestamped: the request is over the SHA-256 of its bytes.
   *
   * @returns TimeStampResp in DER, granted; time, imprint and signature in it are for the caller to verify
   * @throws ClientError MALFORMED too when the authority refuses in its answer instead of by status
   */
  async timestamp(signature: Uint8Array): Promise<Uint8Array> {
    const asked: Call = {
      step: 'timestamp',
      method: 'POST',
      path: '',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: encodeTimeStampReq('sha256', sha256(signature)),
    };
    const answer = await call(this.options, asked);
    assertStatus(this.options, asked, answer, [200, 201]);
    const { bytes } = answer;
    if (bytes.length > MAX_TIMESTAMP_BYTES) {
      const what = `answered with ${bytes.length} bytes, at most ${MAX_TIMESTAMP_BYTES} are taken`;
      throw malformed(this.options, asked, answer, what);
    }
    const refusal = refusalOf(bytes);
    if (refusal !== undefined) throw malformed(this.options, asked, answer, refusal);
    return bytes;
  }
}

/**
 * Why the answer has no timestamp in it.
 *
 * ```asn1
 * TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }
 * PKIStatusInfo ::= SEQUENCE { status INTEGER, statusString PKIFreeText OPTIONAL, failInfo BIT STRING OPTIONAL }
 * ```
 */
function refusalOf(der: Uint8Array): string | undefined {
  try {
    const outer = new DerReader(der);
    const response = outer.sequence();
    outer.end();
    const status = response.sequence().integer();
    if (!GRANTED.includes(status)) return `refused the timestamp with status ${status}`;
    return response.tag === tags.sequence ? undefined : 'answered without a timestamp';
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    return 'answered with no timestamp response';
  }
}
