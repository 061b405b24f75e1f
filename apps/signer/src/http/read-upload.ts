import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { IncomingMessage } from 'node:http';
import { HttpProblem, UploadPace } from '@sigstead/server';
import type { ArtifactDigest } from '@sigstead/verification';

export interface UploadLimits {
  readonly maxBlobBytes: number;
  readonly uploadStallMs: number;
}

/**
 * SHA-256 of a request's body, which is looked at piece by piece and kept nowhere.
 *
 * @throws HttpProblem 413 beyond the limit, 408 when nothing or too little comes for too long, 499 when the caller leaves
 */
export async function readUpload(
  request: IncomingMessage,
  { maxBlobBytes, uploadStallMs }: UploadLimits,
): Promise<ArtifactDigest> {
  if (Number(request.headers['content-length'] ?? 0) > maxBlobBytes) throw tooLarge(maxBlobBytes);
  const hash = createHash('sha256');
  const pace = new UploadPace();
  const start = performance.now();
  let size = 0;
  let stalled = false;
  const stall = setTimeout(() => {
    stalled = true;
    request.destroy();
  }, uploadStallMs);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      stall.refresh();
      size += chunk.length;
      if (size > maxBlobBytes) throw tooLarge(maxBlobBytes);
      hash.update(chunk);
      pace.add(chunk.length, performance.now() - start);
    }
  } catch (cause) {
    if (cause instanceof HttpProblem) throw cause;
    if (stalled)
      throw new HttpProblem(408, 'the upload came to a standstill', { type: 'upload-stalled', cause });
    throw new HttpProblem(499, 'client disconnected during request', { type: 'client-gone', cause });
  } finally {
    clearTimeout(stall);
  }
  return { algorithm: 'sha256', digest: new Uint8Array(hash.digest()) };
}

function tooLarge(limit: number): HttpProblem {
  return new HttpProblem(413, `Request Entity Too Large. Limit set to ${limit}`, {
    type: 'body-too-large',
    extra: { step: 'input' },
  });
}
