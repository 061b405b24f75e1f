import { randomBytes } from 'node:crypto';
import { createLog, createRegistry, type Service } from '@sigstead/server';
import type { Certificate } from '@sigstead/x509';
import type { PrivateKeySigner } from '@sigstead/crypto';
import { TestFiles } from '../../testonly/test-authority.ts';
import type { TimestampAuthorityConfig } from '../config.ts';
import { createTimestampAuthority } from '../create-timestamp-authority.ts';

export const POLICY = '1.3.6.1.4.1.57264.2';
export const OTHER_POLICY = '1.2.3.4.5';

/** A timestamp authority that listens on the loopback, with its own files and a clock that tests turn. */
export class TestTimestampAuthority {
  now: Date;
  logged = '';
  readonly #files: TestFiles;
  #service: Service | undefined;
  #url = '';

  private constructor(files: TestFiles, now: Date) {
    this.#files = files;
    this.now = now;
  }

  static async start(
    chain: readonly Certificate[],
    key: PrivateKeySigner,
    now: Date,
    changes: Partial<TimestampAuthorityConfig> = {},
  ): Promise<TestTimestampAuthority> {
    const authority = new TestTimestampAuthority(await TestFiles.make(), now);
    try {
      await authority.#start(chain, key, changes);
    } catch (error) {
      await authority.#files.remove();
      throw error;
    }
    return authority;
  }

  async #start(
    chain: readonly Certificate[],
    key: PrivateKeySigner,
    changes: Partial<TimestampAuthorityConfig>,
  ): Promise<void> {
    this.#service = await createTimestampAuthority(
      {
        ...(await this.#files.writeAuthority(chain, key)),
        acceptedPolicies: [POLICY, OTHER_POLICY],
        defaultPolicy: POLICY,
        includeChain: false,
        maxBodyBytes: 1024 * 1024,
        clockServers: [],
        clockThreshold: 1,
        clockMaxOffsetMs: 1_000,
        clockPeriodMs: 3_600_000,
        clockTimeoutMs: 5_000,
        ...changes,
      },
      {
        clock: () => this.now,
        randomBytes,
        log: createLog('timestamp-authority', 'info', (line) => (this.logged += line)),
        registry: createRegistry(),
      },
    );
    this.#url = await this.#service.listen(0, '127.0.0.1');
  }

  get url(): string {
    return `${this.#url}/api/v1/timestamp`;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, init);
  }

  /** A request with a body; a content type of undefined sends none. */
  post(
    body: string | Uint8Array,
    contentType?: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      // As bytes: fetch would name a content type for text.
      body: Buffer.from(body),
      headers: { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers },
    });
  }

  async readiness(): Promise<{
    status: number;
    ready: boolean;
    checks: Record<string, { ok: boolean; detail: string }>;
  }> {
    const response = await this.fetch('/readyz');
    const body = (await response.json()) as {
      ready: boolean;
      checks: Record<string, { ok: boolean; detail: string }>;
    };
    return { status: response.status, ...body };
  }

  async metrics(): Promise<string> {
    return (await this.fetch('/metrics')).text();
  }

  async stop(): Promise<void> {
    await this.#service?.close();
    await this.#files.remove();
  }
}
