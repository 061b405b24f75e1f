import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Authority } from './authority.ts';
import type { CertificateLog } from './certificate-log.ts';
import type { IssuerProxy } from './issuer-proxy.ts';

const START_MS = 60_000;
const PASSPHRASE = 'golden';

export interface FulcioSettings {
  readonly program: string;
  /** Configuration file, whole. */
  readonly configuration: string;
  readonly authority: Authority;
  readonly proxy: IssuerProxy;
  /** Detached answers without any timestamp when absent. */
  readonly log?: CertificateLog | undefined;
}

/** Fulcio did not start: its own words. */
export class FulcioRefusal extends Error {
  override readonly name = 'FulcioRefusal';
}

export interface FulcioAnswer {
  readonly status: number;
  readonly body: {
    readonly message?: string;
    readonly signedCertificateEmbeddedSct?: CertificateAnswer;
    readonly signedCertificateDetachedSct?: CertificateAnswer;
  };
}

interface CertificateAnswer {
  readonly chain: { readonly certificates: readonly string[] };
}

/** A real Fulcio in a process of its own, with files in a folder that goes with it. */
export class Fulcio {
  readonly #url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, process: ChildProcess, folder: string) {
    this.#url = url;
    this.#process = process;
    this.#folder = folder;
  }

  /** @throws FulcioRefusal when it does not like its configuration */
  static async start(settings: FulcioSettings): Promise<Fulcio> {
    const folder = await mkdtemp(join(tmpdir(), 'golden-'));
    const port = await freePort();
    const child = spawn(settings.program, await argumentsOf(settings, folder, port), {
      env: {
        HTTPS_PROXY: settings.proxy.url,
        SSL_CERT_FILE: join(folder, 'issuers.pem'),
        SSL_CERT_DIR: folder,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const fulcio = new Fulcio(`http://127.0.0.1:${port}`, child, folder);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    try {
      await fulcio.#ready(() => output);
    } catch (error) {
      await fulcio.stop();
      throw error;
    }
    return fulcio;
  }

  /** POST /api/v2/signingCert */
  async certify(token: string, signingRequest: string): Promise<FulcioAnswer> {
    const response = await fetch(`${this.#url}/api/v2/signingCert`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        credentials: { oidcIdentityToken: token },
        certificateSigningRequest: Buffer.from(signingRequest).toString('base64'),
      }),
    });
    return { status: response.status, body: (await response.json()) as FulcioAnswer['body'] };
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(output: () => string): Promise<void> {
    for (const deadline = Date.now() + START_MS; Date.now() < deadline; await pause(50)) {
      if (this.#process.exitCode !== null) {
        const [, reason] = /error loading --config-path=\S+: (.*)/.exec(output()) ?? [];
        if (reason !== undefined) throw new FulcioRefusal(reason);
        throw new Error(`Fulcio ended: ${output().slice(-2000)}`);
      }
      if (await this.#answers()) return;
    }
    throw new Error(`Fulcio did not get ready: ${output().slice(-2000)}`);
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/healthz`)).ok;
    } catch {
      return false;
    }
  }
}

/** What `fulcio version` says, without the v. */
export function fulcioVersion(program: string): string {
  const text = execFileSync(program, ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const [, version] = /GitVersion:\s+v(\S+)/.exec(text) ?? [];
  if (version === undefined) throw new Error(`${program} does not say its version`);
  return version;
}

async function argumentsOf(settings: FulcioSettings, folder: string, port: number): Promise<string[]> {
  const { authority, configuration, log, proxy } = settings;
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  await file('issuers.pem', proxy.authorityPem);
  const chain = authority.chain.map((certificate) => certificate.toPem()).join('');
  const flags: readonly (readonly [name: string, value: string | number])[] = [
    ['ca', 'fileca'],
    ['fileca-cert', await file('chain.pem', chain)],
    ['fileca-key', await file('ca.key.pem', authority.key.toEncryptedPem(PASSPHRASE))],
    ['fileca-key-passwd', PASSPHRASE],
    ['fileca-watch', 'false'],
    ['config-path', await file('config.yaml', configuration)],
    ['host', '127.0.0.1'],
    ['port', port],
    ['grpc-host', '127.0.0.1'],
    ['grpc-port', await freePort()],
    ['metrics-port', await freePort()],
    ['legacy-unix-domain-socket', join(folder, 'legacy.sock')],
    ['ct-log-url', log?.url ?? ''],
    ['ct-log-public-key-path', log === undefined ? '' : await file('ct.pem', log.signer.publicKey.toPem())],
  ];
  return ['serve', ...flags.map(([name, value]) => `--${name}=${value}`)];
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
