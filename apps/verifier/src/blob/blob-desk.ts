import type { IncomingMessage } from 'node:http';
import { HttpProblem } from '@sigstead/server';
import { readBlobForm, type BlobForm, type BlobFormLimits } from './read-blob-form.ts';

export interface BlobDeskLimits extends BlobFormLimits {
  /** Uploads under way at once: each holds a connection, and what is kept of it in memory. */
  readonly maxUploads: number;
}

/** Takes blobs that come as uploads, a bounded number at a time. */
export class BlobDesk {
  readonly #limits: BlobDeskLimits;
  #running = 0;

  constructor(limits: BlobDeskLimits) {
    this.#limits = limits;
  }

  /** @throws HttpProblem 503 when too many are under way; those of {@link readBlobForm} */
  async read(request: IncomingMessage, contentType: string | undefined): Promise<BlobForm> {
    if (this.#running >= this.#limits.maxUploads) {
      throw new HttpProblem(503, 'too many uploads are under way', {
        type: 'busy',
        headers: { 'retry-after': '5' },
      });
    }
    this.#running++;
    try {
      return await readBlobForm(request, contentType, this.#limits);
    } finally {
      this.#running--;
    }
  }
}
