import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEVELOPMENT_IDENTITY,
  LocalStack,
  pushImage,
  run,
  type Finished,
  type PushedImage,
} from '@sigstead/instance';
import { parseTrustedRoot } from '@sigstead/trust';
import { Judge } from './signatures.ts';

export const CLI = [process.execPath, 'tools/cli/bin/sigstead.js'] as const;

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** A stack of its own with a folder to work in, and the command against it. */
export class SigningBench {
  readonly stack: LocalStack;
  readonly judge: Judge;
  readonly directory: string;
  /** Of a workflow run, fresh for each piece. */
  token = '';
  /** A file that nobody has signed, and its digest. */
  file = '';
  digest = '';
  #count = 0;

  private constructor(stack: LocalStack, judge: Judge, directory: string) {
    this.stack = stack;
    this.judge = judge;
    this.directory = directory;
  }

  static async open(): Promise<SigningBench> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-sign-'));
    const stack = await LocalStack.start(join(directory, 'stack'));
    const judge = new Judge(parseTrustedRoot(await readFile(stack.trustedRoot)));
    return new SigningBench(stack, judge, directory);
  }

  async close(): Promise<void> {
    await this.stack.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Lays a new file and a new token out. */
  async next(): Promise<void> {
    const content = `content ${++this.#count}`;
    this.token = await this.stack.identityToken();
    this.file = this.path('file');
    await writeFile(this.file, content);
    this.digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  }

  /** Of a name that no other test uses. */
  path(name: string): string {
    return join(this.directory, `${name}-${this.#count}`);
  }

  async write(name: string, value: unknown): Promise<string> {
    await writeFile(this.path(name), typeof value === 'string' ? value : JSON.stringify(value));
    return this.path(name);
  }

  /** What was written beside the file. */
  async filesBeside(): Promise<string[]> {
    const prefix = `file-${this.#count}.`;
    return (await readdir(this.directory)).filter((name) => name.startsWith(prefix));
  }

  /** Runs the command as whoever the token says, with the files of the stack. */
  sigstead(args: readonly string[], environment: Record<string, string> = {}): Promise<Finished> {
    return run([...CLI, ...args], {
      SIGSTEAD_HOME: join(this.directory, 'stack'),
      SIGSTORE_ID_TOKEN: this.token,
      ...environment,
    });
  }

  get somebody(): { identity: string; issuer: string } {
    return { identity: DEVELOPMENT_IDENTITY, issuer: this.stack.issuer };
  }

  /** An image that nobody has signed. */
  image(name = 'app'): Promise<PushedImage> {
    const repository = `${name}/${this.#count}`;
    return pushImage(this.stack.url, repository, 'v1', repository);
  }

  /** An index of images, under the tag `index` of their repository. */
  async index(repository: string, digests: readonly string[]): Promise<PushedImage> {
    const url = `${this.stack.url}/v2/${repository}/manifests`;
    const manifests = await Promise.all(
      digests.map(async (digest) => {
        const answer = await fetch(`${url}/${digest}`, { headers: { accept: OCI_MANIFEST } });
        return { mediaType: OCI_MANIFEST, digest, size: (await answer.arrayBuffer()).byteLength };
      }),
    );
    const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    const headers = { 'content-type': OCI_INDEX };
    const answer = await fetch(`${url}/index`, { method: 'PUT', headers, body: index });
    if (answer.status !== 201) throw new Error(`the index is answered with ${answer.status}`);
    const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
    return { reference: `${new URL(this.stack.url).host}/${repository}:index`, digest };
  }

  /** Of the Rekor v1 log. */
  async treeSize(): Promise<number> {
    const answer = await fetch(`${this.stack.url}/api/v1/log`);
    return ((await answer.json()) as { treeSize: number }).treeSize;
  }

  /** How many were issued: each precertificate is in the CT log. */
  async certificates(): Promise<number> {
    const answer = await fetch(`${this.stack.url}/ct/v1/get-sth`);
    return ((await answer.json()) as { tree_size: number }).tree_size;
  }
}
