import type { IncomingMessage } from 'node:http';
import type { Face } from './face.ts';
import { HttpProblem } from './http-problem.ts';

/** Every piece of a body costs memory and time of its own, a hundredfold of a byte: so many may be small ones. */
const MAX_SMALL_PIECES = 16_384;
const SMALL_PIECE_BYTES = 64;
const BODY_TIMEOUT_MS = 60_000;

/**
 * Collects a request body of at most the face's limit. The content type is checked first and the announced length
 * before a byte is read; what exceeds the limit on the way is not kept.
 */
export async function readRequestBody(
  request: IncomingMessage,
  face: Face,
  mediaType: string,
  timeoutMs = BODY_TIMEOUT_MS,
): Promise<Uint8Array> {
  if (face.mediaTypes !== undefined) {
    const essence = mediaType === '' ? 'application/octet-stream' : mediaType;
    if (!face.mediaTypes.includes(essence)) {
      throw new HttpProblem(415, face.errors.wrongMediaType(essence.slice(0, 100), face.mediaTypes), {
        type: 'unsupported-media-type',
      });
    }
  }
  if (Number(request.headers['content-length'] ?? 0) > face.bodyLimit) throw tooLarge(face);
  return collect(request, face, timeoutMs);
}

/** Counts the pieces of a body as they come. */
export class BodyPieces {
  #count = 0;
  #bytes = 0;

  /** Of all pieces so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws HttpProblem 400 when they are many and small */
  add(piece: Uint8Array): void {
    this.#count++;
    this.#bytes += piece.length;
    if (this.#count > MAX_SMALL_PIECES && this.#bytes < this.#count * SMALL_PIECE_BYTES)
      throw new HttpProblem(400, 'the request body comes in too many small pieces', {
        type: 'body-in-pieces',
      });
  }
}

async function collect(request: IncomingMessage, face: Face, timeoutMs: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const pieces = new BodyPieces();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    request.destroy();
  }, timeoutMs);
  try {
    // Not destroyed by leaving the loop: the rest has to be discarded before the connection may go.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      pieces.add(chunk);
      if (pieces.bytes > face.bodyLimit) throw tooLarge(face);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof HttpProblem) throw cause;
    if (late)
      throw new HttpProblem(408, 'the request body did not arrive in time', { type: 'body-too-slow', cause });
    // Nobody is left to read this; it keeps a client that hangs up from looking like a failure of ours.
    throw new HttpProblem(499, 'client disconnected during request', { type: 'client-gone', cause });
  } finally {
    clearTimeout(timer);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, pieces.bytes);
}

function tooLarge(face: Face): HttpProblem {
  return new HttpProblem(413, `Request Entity Too Large. Limit set to ${face.bodyLimit}`, {
    type: 'body-too-large',
  });
}

/** How long and how much of a refused body is still read. */
const DISCARD_MS = 2_000;
const DISCARD_BYTES = 16 * 1024 * 1024;

/**
 * Reads on and forgets, until the request ends or enough has been read. A connection that is closed with bytes unread is
 * reset, and the client, still sending, would never see its answer.
 */
export function discardRest(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DISCARD_MS).unref();
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    let left = DISCARD_BYTES;
    request.on('data', (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left < 0) stop();
    });
    request.once('end', stop).once('close', stop).on('error', stop);
    request.resume();
  });
}

/** Media type without parameters, lower case; '' when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
