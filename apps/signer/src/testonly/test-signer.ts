import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8, type JsonObject } from '@sigstead/encoding';
import {
  digestOf,
  OCI_INDEX,
  OCI_MANIFEST,
  parseImageReference,
  readBundleReferrers,
  readLegacyAttestations,
  readLegacySignatures,
  RegistryClient,
  type BundleReferrer,
  type OciError,
} from '@sigstead/oci';
import { startMemoryRegistry, type MemoryRegistry } from '@sigstead/oci/testonly/memory-registry';
import { createLog, type Service } from '@sigstead/server';
import { makeToken, SmallSigstore } from '@sigstead/signing/testonly/small-sigstore';
import { serializeTrustedRoot, type TrustedRoot } from '@sigstead/trust';
import { createSigner, type SignerConfig } from '../index.ts';

export interface Problem {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly step: string;
  readonly field?: string;
}

/** A signer with a small Sigstore, a registry and one image in it. */
export class TestSigner {
  readonly #directory: string;
  readonly #services: Service[] = [];
  readonly #fetch: typeof fetch;
  readonly logLines: string[] = [];
  /** Of the signer started last. */
  url = '';
  /** Digest of the image `acme/app:v1`. */
  readonly digest: string;

  private constructor(
    directory: string,
    fetcher: typeof fetch,
    readonly sigstore: SmallSigstore,
    readonly registry: MemoryRegistry,
  ) {
    this.#directory = directory;
    this.#fetch = fetcher;
    this.digest = this.addImage('v1', { config: {}, layers: [] });
  }

  static async create(fetcher: typeof fetch, config: Partial<SignerConfig> = {}): Promise<TestSigner> {
    const directory = await mkdtemp(join(tmpdir(), 'signer-'));
    const made = new TestSigner(directory, fetcher, await SmallSigstore.start(), await startMemoryRegistry());
    await made.writeTrustedRoot(made.sigstore.trustedRoot);
    await made.start(config);
    return made;
  }

  get trustedRootFile(): string {
    return join(this.#directory, 'trusted_root.json');
  }

  /** The services of the small Sigstore: both logs, and a timestamp authority for either. */
  get services(): SignerConfig['services'] {
    const { baseUrl } = this.sigstore;
    return {
      caUrl: baseUrl,
      rekorUrl: baseUrl,
      rekorV2Url: baseUrl,
      tsaUrls: [`${baseUrl}/api/v1/timestamp`],
    };
  }

  async writeTrustedRoot(root: TrustedRoot): Promise<void> {
    await writeFile(this.trustedRootFile, serializeTrustedRoot(root));
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.#directory, name);
    await writeFile(path, text);
    return path;
  }

  /** One more signer, on which `url` is set. */
  async start(config: Partial<SignerConfig> = {}): Promise<string> {
    const service = await createSigner(
      {
        services: this.services,
        trustedRootFile: this.trustedRootFile,
        insecureRegistries: [this.registry.host],
        databaseUrl: undefined,
        ...config,
      },
      {
        clock: () => this.sigstore.now,
        fetch: this.#fetch,
        log: createLog('signer', 'info', (line) => void this.logLines.push(line)),
      },
    );
    this.#services.push(service);
    this.url = await service.listen(0, '127.0.0.1');
    return this.url;
  }

  async stop(): Promise<void> {
    for (const service of this.#services) await service.close();
    await this.sigstore.stop();
    await this.registry.close();
    await rm(this.#directory, { recursive: true });
  }

  image(rest = ':v1'): string {
    return `${this.registry.host}/acme/app${rest}`;
  }

  addImage(tag: string, manifest: object, mediaType = OCI_MANIFEST): string {
    const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType, ...manifest }));
    const digest = digestOf(bytes);
    this.registry.manifests.set(tag, { mediaType, bytes }).set(digest, { mediaType, bytes });
    return digest;
  }

  /** An index over so many images. @returns its digest and theirs */
  addIndex(tag: string, count: number): { index: string; images: string[] } {
    const manifests = Array.from({ length: count }, (_, at) => {
      const digest = this.addImage(`${tag}-${at}`, {
        config: {},
        layers: [],
        annotations: { at: String(at) },
      });
      const size = this.registry.manifests.get(digest)?.bytes.length ?? 0;
      return { mediaType: OCI_MANIFEST, digest, size, platform: { os: 'linux', architecture: `a${at}` } };
    });
    return {
      index: this.addImage(tag, { manifests }, OCI_INDEX),
      images: manifests.map(({ digest }) => digest),
    };
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.#fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    });
  }

  sign(more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.post('/api/v1/sign', { image: this.image(), identityToken: makeToken(), ...more }, headers);
  }

  signMany(
    artifacts: readonly object[],
    more: object = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.post('/api/v1/sign', { artifacts, identityToken: makeToken(), ...more }, headers);
  }

  /** The answer of a request that must succeed. */
  async answer(response: Promise<Response> | Response, status = 200): Promise<JsonObject> {
    const got = await response;
    const text = await got.text();
    if (got.status !== status) throw new Error(`status ${got.status}: ${text}`);
    return JSON.parse(text) as JsonObject;
  }

  /** The problem of a request that must fail; neither it nor the log shows the token. */
  async problem(response: Promise<Response> | Response, status: number): Promise<Problem> {
    const got = await response;
    const text = await got.text();
    if (got.status !== status) throw new Error(`status ${got.status}, want ${status}: ${text}`);
    const type = got.headers.get('content-type');
    if (type !== 'application/problem+json') throw new Error(`content type ${type}`);
    if (`${text}${this.logLines.join('')}`.includes(makeToken())) throw new Error('the token is shown');
    return JSON.parse(text) as Problem;
  }

  storedSignatures(digest = this.digest): ReturnType<typeof readLegacySignatures> {
    return readLegacySignatures(this.#client(), this.#reference(), digest);
  }

  storedAttestations(digest = this.digest): ReturnType<typeof readLegacyAttestations> {
    return readLegacyAttestations(this.#client(), this.#reference(), digest);
  }

  storedBundles(digest = this.digest): Promise<(BundleReferrer | OciError)[]> {
    return readBundleReferrers(this.#client(), this.#reference(), digest);
  }

  #client(): RegistryClient {
    return new RegistryClient({ fetch: this.#fetch, timeoutMs: 20_000 });
  }

  #reference(): ReturnType<typeof parseImageReference> {
    return parseImageReference(this.image());
  }
}
