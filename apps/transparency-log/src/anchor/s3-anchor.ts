import { decodeUtf8 } from '@sigstead/encoding';
import { readBody } from '@sigstead/http';
import { AwsClient } from 'aws4fetch';
import { LogError } from '../errors.ts';
import type { Anchor, AnchoredHead, TreeHead } from './anchor.ts';
import { formatAnchorFile, parseAnchorFile } from './anchor-file.ts';

/** A bucket of S3-compatible storage. */
export interface S3Settings {
  /** `https://endpoint/bucket` with a prefix behind it if wanted, path style. */
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const MAX_BYTES = 1024;

/**
 * A register made of one object. Its ETag is the version; a swap is a PUT with `If-None-Match: *` for the first value and `If-Match` for
 * every later one, so of two swaps of one version the storage lets one win.
 *
 * The storage must read its own writes at once (S3 since 2020) and must carry out conditional PUTs atomically: Amazon S3, MinIO and Ceph
 * do; storage that ignores the headers must not be used, and {@link S3Anchor.open} refuses it. No versioning is needed, no lifecycle rule
 * may remove the object, and no replica bucket may stand in for it: an older copy is a restored anchor.
 */
export class S3Anchor implements Anchor {
  readonly #url: string;
  readonly #client: AwsClient;
  readonly #timeoutMs: number;

  constructor(settings: S3Settings, name: string, timeoutMs: number) {
    const { accessKeyId, secretAccessKey, region } = settings;
    this.#url = `${settings.url.replace(/\/+$/, '')}/${encodeURIComponent(name)}`;
    // Retries are the engine's: it looks at the database before it tries again.
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Opens a register after a swap that must lose: storage that takes it heeds no conditions.
   *
   * @throws LogError CONFIGURATION, UNAVAILABLE
   */
  static async open(settings: S3Settings, name: string, timeoutMs: number): Promise<S3Anchor> {
    const probe = new S3Anchor(settings, `${name}.probe`, timeoutMs);
    const head = { size: 0n, root: new Uint8Array(32) };
    await probe.compareAndSwap(undefined, head);
    if ((await probe.compareAndSwap(undefined, head)) || (await probe.compareAndSwap('"0"', head))) {
      throw new LogError(
        'CONFIGURATION',
        'the storage of the anchor does not heed If-None-Match and If-Match',
      );
    }
    return new S3Anchor(settings, name, timeoutMs);
  }

  async read(): Promise<AnchoredHead | undefined> {
    const { status, etag, text } = await this.#request('GET', {});
    if (status === 404) {
      // A bucket that is missing is no register without a value.
      if (text.includes('NoSuchKey')) return undefined;
      throw new LogError('UNAVAILABLE', 'the storage of the anchor has no such bucket');
    }
    if (status !== 200) throw unavailable('read', status);
    if (etag === undefined) throw new LogError('UNAVAILABLE', 'the storage gives the anchor no ETag');
    return { version: etag, ...parseAnchorFile(text, etag) };
  }

  async compareAndSwap(expected: string | undefined, next: TreeHead): Promise<boolean> {
    const condition: Record<string, string> =
      expected === undefined ? { 'if-none-match': '*' } : { 'if-match': expected };
    const { status, text } = await this.#request('PUT', condition, formatAnchorFile(next));
    if (status === 200) return true;
    // 412: another version is there; 409: another swap was under way; 404 on If-Match: nothing is there.
    if (status === 412 || status === 409 || (status === 404 && text.includes('NoSuchKey'))) return false;
    throw unavailable('written', status);
  }

  async #request(
    method: 'GET' | 'PUT',
    headers: Record<string, string>,
    body?: string,
  ): Promise<{ readonly status: number; readonly etag: string | undefined; readonly text: string }> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const request = await this.#client.sign(this.#url, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
      const response = await fetch(request, { signal, redirect: 'error' });
      const { bytes } = await readBody(response, MAX_BYTES, signal);
      const etag = response.headers.get('etag') ?? undefined;
      return { status: response.status, etag, text: decodeUtf8(bytes) };
    } catch (cause) {
      throw new LogError('UNAVAILABLE', 'the storage of the anchor cannot be reached', { cause });
    }
  }
}

function unavailable(what: string, status: number): LogError {
  return new LogError('UNAVAILABLE', `the anchor cannot be ${what}: its storage answered ${status}`);
}
