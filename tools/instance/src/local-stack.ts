import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeCluster } from '@sigstead/embedded-postgres';
import type { LogKind } from './installed-log.ts';
import { start, type Started } from './processes.ts';

const READY = /^ready: (http:\/\/localhost:\d+)$/m;
const START_TIMEOUT_MS = 120_000;

/** Who the development issuer says a workflow run is, unless told otherwise. */
export const DEVELOPMENT_IDENTITY =
  'https://github.com/sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main';

/** Which log a client is told to use. */
export type RekorVersion = Exclude<LogKind, 'ct'>;

/** The local stack as a process of its own: a whole Sigstead on one port that nobody else has. */
export class LocalStack {
  readonly url: string;
  readonly #home: string;
  readonly #process: Started;

  private constructor(url: string, home: string, process: Started) {
    this.url = url;
    this.#home = home;
    this.#process = process;
  }

  static async start(home: string): Promise<LocalStack> {
    const stack = start([process.execPath, 'tools/local-stack/dist/main.js'], {
      SIGSTEAD_HOME: home,
      PORT: '0',
    });
    try {
      const output = await stack.printed(READY, START_TIMEOUT_MS);
      return new LocalStack(READY.exec(output)?.[1] as string, home, stack);
    } catch (error) {
      await stack.stop();
      await removeCluster(join(home, 'postgres'));
      throw error;
    }
  }

  get issuer(): string {
    return `${this.url}/issuers/github`;
  }

  get trustedRoot(): string {
    return this.trustFile('trusted_root.json');
  }

  signingConfig(log: RekorVersion): string {
    return this.trustFile(
      log === 'rekor-v1' ? 'signing_config.v0.2.json' : 'signing_config_rekor_v2.v0.2.json',
    );
  }

  clientTrustConfig(log: RekorVersion): string {
    return this.trustFile(
      log === 'rekor-v1' ? 'client_trust_config.json' : 'client_trust_config_rekor_v2.json',
    );
  }

  trustFile(name: string): string {
    return join(this.#home, 'trust', name);
  }

  async readTrustedRoot(): Promise<unknown> {
    return JSON.parse(await readFile(this.trustedRoot, 'utf8'));
  }

  /** A token of a workflow run, fresh. */
  async identityToken(): Promise<string> {
    const answer = await fetch(`${this.issuer}/token`, { method: 'POST', body: '{}' });
    if (answer.status !== 200) throw new Error(`the development issuer answers ${answer.status}`);
    return ((await answer.json()) as { value: string }).value;
  }

  /** What is in the state folder stays, but for the database. */
  async stop(): Promise<void> {
    await this.#process.stop();
    await removeCluster(join(this.#home, 'postgres'));
  }
}
