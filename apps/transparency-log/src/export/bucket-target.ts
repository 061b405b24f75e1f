import { decodeUtf8 } from '@sigstead/encoding';
import { readBody } from '@sigstead/http';
import { AwsClient } from 'aws4fetch';
import type { S3Settings } from '../anchor/s3-anchor.ts';
import { LogError, messageOf } from '../errors.ts';
import type { ExportTarget } from './export-target.ts';

const CHECKPOINT = 'checkpoint';
const MAX_ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 60_000;
/** Of answers 429 and 5xx, with growing pauses. */
const RETRIES = 5;

/**
 * A bucket of S3-compatible storage, whose objects carry the headers they are to be served with. Objects are never overwritten but the
 * checkpoint, and that only as long as it is the one that was read: of two exports at once one loses.
 */
export class BucketTarget implements ExportTarget {
  readonly #prefix: string;
  readonly #client: AwsClient;
  #checkpointEtag: string | undefined;

  constructor(settings: S3Settings) {
    const { accessKeyId, secretAccessKey, region } = settings;
    this.#prefix = settings.url.replace(/\/+$/, '');
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: RETRIES });
  }

  async readCheckpoint(): Promise<string | undefined> {
    const { status, etag, text } = await this.#request('GET', CHECKPOINT);
    if (status === 404) {
      // A bucket that is missing is no export without a checkpoint.
      if (text.includes('NoSuchKey')) return undefined;
      throw new LogError('UNAVAILABLE', 'the storage of the export has no such bucket');
    }
    if (status !== 200) throw refused('read', CHECKPOINT, status);
    this.#checkpointEtag = etag;
    return text;
  }

  async has(path: string): Promise<boolean> {
    const { status } = await this.#request('HEAD', path);
    if (status === 200 || status === 404) return status === 200;
    throw refused('read', path, status);
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const { status } = await this.#request('PUT', path, { ...servedWith(path), 'if-none-match': '*' }, bytes);
    // 412: it is there already; 409: another export is writing it, and what it writes is the same.
    if (status !== 200 && status !== 412 && status !== 409) throw refused('written', path, status);
  }

  async replaceCheckpoint(expected: string | undefined, next: string): Promise<boolean> {
    const condition: Record<string, string> =
      expected === undefined ? { 'if-none-match': '*' } : { 'if-match': this.#checkpointEtag ?? '' };
    const headers = { ...servedWith(CHECKPOINT), ...condition };
    const { status, text } = await this.#request('PUT', CHECKPOINT, headers, Buffer.from(next));
    if (status === 200) return true;
    if (status === 412 || status === 409 || (status === 404 && text.includes('NoSuchKey'))) return false;
    throw refused('written', CHECKPOINT, status);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #request(
    method: 'GET' | 'HEAD' | 'PUT',
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array,
  ): Promise<{ readonly status: number; readonly etag: string | undefined; readonly text: string }> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await this.#client.fetch(`${this.#prefix}/${path}`, {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(body === undefined ? {} : { body: Buffer.from(body.buffer, body.byteOffset, body.length) }),
      });
      const { bytes } = await readBody(response, MAX_ANSWER_BYTES, signal);
      const etag = response.headers.get('etag') ?? undefined;
      return { status: response.status, etag, text: decodeUtf8(bytes) };
    } catch (cause) {
      throw new LogError('UNAVAILABLE', `the storage of the export does not answer: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}

/** As the service itself serves them. */
function servedWith(path: string): Record<string, string> {
  if (path === CHECKPOINT)
    return { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' };
  return {
    'content-type': path.startsWith('issuer/') ? 'application/pkix-cert' : 'application/octet-stream',
    'cache-control': 'public, max-age=604800, immutable',
  };
}

function refused(what: string, path: string, status: number): LogError {
  return new LogError('UNAVAILABLE', `${path} cannot be ${what}: the storage answered ${status}`);
}
