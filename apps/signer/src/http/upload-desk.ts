import { HttpProblem, type FastifyRequest } from '@sigstead/server';
import { formatArtifactDigest } from '@sigstead/verification';
import { readQuery } from './query.ts';
import { readToken } from './read-headers.ts';
import { readRepeatable, type ReadOrder } from './read-order.ts';
import { readUpload, type UploadLimits } from './read-upload.ts';

/** Takes artifacts that come as the body of a request, a few at a time. */
export class UploadDesk {
  readonly #limits: UploadLimits & { readonly maxUploads: number };
  #running = 0;

  constructor(limits: UploadLimits & { readonly maxUploads: number }) {
    this.#limits = limits;
  }

  /** @throws HttpProblem 400, 401 before a byte is read; 503 when too many are under way; those of {@link readUpload} */
  async read({ headers, query, raw }: FastifyRequest): Promise<ReadOrder> {
    const { rekorVersion, name } = readQuery(query);
    const token = readToken(undefined, headers.authorization);
    readRepeatable(headers, null);
    const digest = await this.#limited(() => readUpload(raw, this.#limits));
    const asked = ['blob', formatArtifactDigest(digest), name ?? null, rekorVersion ?? null];
    return {
      isList: false,
      order: {
        route: 'sign-blob',
        artifacts: [{ kind: 'digest', digest, name }],
        token,
        rekorVersion,
        registryCredentials: new Map(),
        repeatable: readRepeatable(headers, asked),
      },
    };
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limits.maxUploads) {
      throw new HttpProblem(503, 'too many uploads are under way', {
        type: 'busy',
        headers: { 'retry-after': '5' },
        extra: { step: 'input' },
      });
    }
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
    }
  }
}
