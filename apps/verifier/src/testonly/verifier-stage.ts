import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@sigstead/server';
import type { VerifierConfig } from '../config.ts';
import { createVerifier } from '../create-verifier.ts';
import { SmallRegistry } from './small-registry.ts';
import { IDENTITY, ISSUER, NOW, SmallSigstore } from './small-sigstore.ts';
import { serve, type Handler, type WebServer } from './web-server.ts';

/** A verifier, the log it asks and the registry it reads, each on a port of its own. */
export class VerifierStage {
  readonly sigstore = new SmallSigstore();
  readonly registry = new SmallRegistry();
  /** What the log does; can be replaced. */
  logHandler: Handler = this.sigstore.logHandler;
  readonly #closers: (() => Promise<void>)[] = [];
  registryHost = '';
  logUrl = '';
  directory = '';

  async start(): Promise<void> {
    const registry = await this.serve(this.registry.handler);
    const log = await this.serve((request, response) => this.logHandler(request, response));
    this.registryHost = registry.host;
    this.logUrl = log.url;
    this.directory = await mkdtemp(join(tmpdir(), 'verifier-'));
    this.#closers.push(() => rm(this.directory, { recursive: true }));
    await writeFile(join(this.directory, 'trusted_root.json'), await this.sigstore.trustedRoot());
  }

  /** Another server, closed with the stage. */
  async serve(handler: Handler): Promise<WebServer> {
    const server = await serve(handler);
    this.#closers.push(server.close);
    return server;
  }

  config(changes: Partial<VerifierConfig> = {}): VerifierConfig {
    return {
      trustedRootFile: join(this.directory, 'trusted_root.json'),
      trustDirectory: this.directory,
      rekorUrl: this.logUrl,
      insecureRegistries: [this.registryHost, DEAD_REGISTRY],
      registryTimeoutMs: 15_000,
      logTimeoutMs: 15_000,
      verifyTimeoutMs: 25_000,
      ...changes,
    };
  }

  /** @returns base URL of a verifier with these settings */
  async verifier(changes: Partial<VerifierConfig> = {}): Promise<string> {
    const log = createLog('verifier', 'silent');
    const service = await createVerifier(this.config(changes), { clock: () => NOW, fetch, log });
    this.#closers.unshift(() => service.close());
    return service.listen(0, '127.0.0.1');
  }

  /** A file beside the trusted root. @returns its path */
  async file(name: string, content: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  /** A signed image. @returns its reference by tag */
  async signedImage(tag: string, identity?: string): Promise<string> {
    const digest = this.registry.addImage(tag);
    this.registry.addSignatures(digest, [await this.sigstore.sign(digest, identity)]);
    return `${this.registryHost}/acme/app:${tag}`;
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** Nothing listens there. */
export const DEAD_REGISTRY = '127.0.0.1:1';

export const POLICY = { identity: IDENTITY, issuer: ISSUER };

/** POSTs to /api/v1/verify. */
export function postVerify(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/api/v1/verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
