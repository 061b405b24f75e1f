import type { IncomingMessage } from 'node:http';
import type { Face } from './face.ts';
import { HttpProblem } from './http-problem.ts';

/**
 * Collects a request body of at most the face's limit. The content type is checked first and the announced length
 * before a byte is read; what exceeds the limit on the way is not kept.
 */
export async function readRequestBody(
  request: IncomingMessage,
  face: Face,
  mediaType: string,
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
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > face.bodyLimit) throw tooLarge(face);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length);
}

function tooLarge(face: Face): HttpProblem {
  return new HttpProblem(413, `Request Entity Too Large. Limit set to ${face.bodyLimit}`, {
    type: 'body-too-large',
    // What is left of the body is not read: the connection cannot carry another request.
    headers: { connection: 'close' },
  });
}

/** Media type without parameters, lower case; '' when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
