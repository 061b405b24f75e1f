import { readBody, reasonOf } from '@sigstead/http';
import {
  formatAddCheckpointRequest,
  parseCosignatures,
  parseTlogSize,
  TLOG_SIZE_CONTENT_TYPE,
  TlogError,
  type AddCheckpointRequest,
  type NoteSignature,
} from '@sigstead/tlog';

/** One exchange with a web server; redirects are answers like any other. */
export type Exchange = (url: string, init: RequestInit) => Promise<Response>;

/** What a witness says to a checkpoint (C2SP tlog-witness). */
export type WitnessAnswer =
  | { readonly kind: 'signatures'; readonly signatures: readonly NoteSignature[] }
  /** The last checkpoint it cosigned has another size than it was told. */
  | { readonly kind: 'size'; readonly size: bigint }
  /** What it cosigned before is not a prefix of the checkpoint, or another checkpoint of the same size. */
  | { readonly kind: 'inconsistent' }
  | { readonly kind: 'failed'; readonly failure: WitnessFailure; readonly reason: string };

/**
 * - `late`: no answer in time; `unreachable`: no connection, or one that broke
 * - `status`: an answer that neither cosigns nor contradicts: the log or its key is unknown there, the request refused, overload
 * - `malformed`: an answer outside the protocol, or larger than allowed
 */
export type WitnessFailure = 'late' | 'unreachable' | 'status' | 'malformed';

/** Some hundred Ed25519 cosignatures, or a dozen of ML-DSA. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Asks once for a cosignature. Never rejects.
 *
 * @param prefix submission prefix
 * @param signal ends the exchange, the reading of its answer too
 */
export async function askWitness(
  exchange: Exchange,
  prefix: string,
  request: AddCheckpointRequest,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  let response: Response;
  let body: { readonly bytes: Uint8Array; readonly complete: boolean };
  try {
    response = await exchange(`${prefix}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'sigstead' },
      body: formatAddCheckpointRequest(request),
      signal,
    });
    body = await readBody(response, MAX_ANSWER_BYTES, signal);
  } catch (error) {
    return signal.aborted ? failed('late', 'no answer in time') : failed('unreachable', reasonOf(error));
  }
  if (!body.complete) return failed('malformed', `answer of more than ${MAX_ANSWER_BYTES} bytes`);
  try {
    return readAnswer(response.status, response.headers.get('content-type'), body.bytes);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return failed('malformed', error.message);
  }
}

function readAnswer(status: number, contentType: string | null, body: Uint8Array): WitnessAnswer {
  switch (status) {
    case 200:
      return { kind: 'signatures', signatures: parseCosignatures(body) };
    case 409:
      if (contentType === TLOG_SIZE_CONTENT_TYPE) return { kind: 'size', size: parseTlogSize(body) };
      // omniwitness tells a different root at the same size from a different size by leaving out the latter.
      if (body.length === 0) return { kind: 'inconsistent' };
      return failed(
        'malformed',
        `409 with content type ${JSON.stringify(contentType?.slice(0, 64) ?? null)}, want ${TLOG_SIZE_CONTENT_TYPE}`,
      );
    case 422:
      return { kind: 'inconsistent' };
    default:
      return failed('status', `status ${status}`);
  }
}

function failed(failure: WitnessFailure, reason: string): WitnessAnswer {
  return { kind: 'failed', failure, reason };
}
