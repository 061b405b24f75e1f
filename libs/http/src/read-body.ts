/** A body as far as it was read. */
export interface Body {
  readonly bytes: Uint8Array;
  /** False when there was more than was asked for; the rest was not read. */
  readonly complete: boolean;
}

/**
 * Reads at most `maxBytes` of an answer's body, decoded: a compressed bomb counts as what it becomes.
 *
 * @param signal ends the wait for a stalled body as well, with its reason; some `fetch` forgets its signal once the headers are in
 */
export async function readBody(response: Response, maxBytes: number, signal?: AbortSignal): Promise<Body> {
  const reader = response.body?.getReader();
  if (reader === undefined) return { bytes: new Uint8Array(0), complete: true };
  const cancel = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', cancel, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  let complete = true;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      const room = maxBytes - size;
      const chunk = value as Uint8Array;
      chunks.push(chunk.subarray(0, room));
      size += Math.min(chunk.length, room);
      if (chunk.length > room) {
        complete = false;
        break;
      }
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    // After the end this does nothing; before it, the connection is given up.
    cancel();
  }
  return { bytes: join(chunks, size), complete };
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
