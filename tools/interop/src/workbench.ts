import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEVELOPMENT_IDENTITY, LocalStack, pushImage } from '@sigstead/instance';
import type { Client } from './clients/client.ts';
import { copyProgram, copyWithSignature } from './clients/copiers.ts';
import type { CosignLike } from './clients/cosign-like.ts';
import { cosign } from './clients/cosign.ts';
import { sigstead } from './clients/sigstead.ts';
import { SigstoreJsClient } from './clients/sigstore-js.ts';
import { SigstorePython } from './clients/sigstore-python.ts';
import type { Means } from './evidence/tamper.ts';
import {
  isImage,
  type ClientName,
  type Credential,
  type InteropCase,
  type RegistryName,
} from './interop-case.ts';
import { PREDICATES, type PredicateName } from './predicates.ts';
import { Distribution } from './stack/distribution.ts';
import type { Toolbox } from './tools/toolbox.ts';
import type { ExpectedSigner, Predicate, SigningCredential, Target, Workpiece } from './workpiece.ts';

interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A running stack, registries and clients, and what they work on. */
export class Workbench {
  readonly #directory: string;
  readonly #toolbox: Toolbox;
  readonly #stack: LocalStack;
  readonly #distribution: Distribution | undefined;
  readonly #keys = new Map<Credential, KeyPair>();

  private constructor(
    directory: string,
    toolbox: Toolbox,
    stack: LocalStack,
    distribution: Distribution | undefined,
  ) {
    this.#directory = directory;
    this.#toolbox = toolbox;
    this.#stack = stack;
    this.#distribution = distribution;
  }

  static async open(toolbox: Toolbox): Promise<Workbench> {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-interop-'));
    let stack: LocalStack | undefined;
    try {
      for (const folder of ['clients', 'distribution', 'files']) await mkdir(join(directory, folder));
      for (const [name, { document }] of Object.entries(PREDICATES))
        await writeFile(join(directory, 'files', `${name}.json`), JSON.stringify(document));
      stack = await LocalStack.start(join(directory, 'stack'));
      const distribution =
        toolbox.missing(['docker-registry']) === undefined
          ? await Distribution.start(toolbox.path('docker-registry'), join(directory, 'distribution'))
          : undefined;
      return new Workbench(directory, toolbox, stack, distribution);
    } catch (error) {
      await stack?.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#distribution?.stop();
    await this.#stack.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  client(name: ClientName): Client {
    switch (name) {
      case 'sigstead':
      case 'cosign':
        return this.#keyMaker(name);
      case 'sigstore-js':
        return new SigstoreJsClient(this.#toolbox.path('sigstore-js'), this.#stack);
      case 'sigstore-python':
        return new SigstorePython(this.#toolbox.path('sigstore-python'), this.#stack, this.#clients);
    }
  }

  /** Something new to sign. */
  async place(each: InteropCase, name: string): Promise<Workpiece> {
    const { artifact, form, log } = each;
    return {
      ...{ artifact, form, log },
      target: await this.#placeTarget(each, name),
      predicate: this.#predicate(each.predicate ?? 'slsaprovenance1'),
      expected: await this.#expected(each.credential ?? 'keyless'),
    };
  }

  async credential({ credential = 'keyless' }: InteropCase): Promise<SigningCredential> {
    if (credential === 'keyless') return { kind: 'token', token: await this.#stack.identityToken() };
    return { kind: 'key', privateKey: (await this.#keyPair(credential)).privateKey };
  }

  /** Where the case wants it verified. */
  async takeAlong({ copier, registry = 'development' }: InteropCase, piece: Workpiece): Promise<Workpiece> {
    if (copier === undefined || piece.target.kind === 'blob') return piece;
    const destination = registry === 'development' ? 'distribution' : 'development';
    const image = await copyWithSignature(
      copyProgram(copier, this.#toolbox.path(copier)),
      { ...piece, image: piece.target.image, registry: this.#registryUrl(destination) },
      this.#clients,
    );
    return { ...piece, target: { kind: 'image', image } };
  }

  /** What is needed to do harm, other than to what was asked for. */
  async means({ predicate }: InteropCase): Promise<Means> {
    const otherPublicKey = join(this.#directory, 'files/other.pub');
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(otherPublicKey, publicKey.export({ type: 'spki', format: 'pem' }));
    return {
      otherPublicKey,
      otherPredicate: this.#predicate(predicate === 'cyclonedx' ? 'openvex' : 'cyclonedx'),
    };
  }

  /** Home of the clients. */
  get #clients(): string {
    return join(this.#directory, 'clients');
  }

  #keyMaker(name: 'sigstead' | 'cosign'): CosignLike {
    return name === 'sigstead'
      ? sigstead(this.#stack, this.#clients)
      : cosign(this.#toolbox.path('cosign'), this.#stack, this.#clients);
  }

  async #placeTarget({ artifact, registry = 'development' }: InteropCase, name: string): Promise<Target> {
    if (isImage(artifact)) {
      const repository = `interop/${name}`;
      const url = this.#registryUrl(registry);
      const { digest } = await pushImage(url, repository, 'v1', repository);
      return { kind: 'image', image: { registry: url, repository, digest } };
    }
    const file = join(this.#directory, 'files', name);
    await writeFile(file, `the content of ${name}\n`);
    return { kind: 'blob', file, bundle: `${file}.sigstore.json` };
  }

  #registryUrl(name: RegistryName): string {
    if (name === 'development') return this.#stack.url;
    if (this.#distribution === undefined) throw new Error('docker-registry does not run');
    return this.#distribution.url;
  }

  #predicate(name: PredicateName): Predicate {
    return { name, uri: PREDICATES[name].uri, file: join(this.#directory, 'files', `${name}.json`) };
  }

  async #expected(credential: Credential): Promise<ExpectedSigner> {
    if (credential === 'keyless')
      return { kind: 'identity', identity: DEVELOPMENT_IDENTITY, issuer: this.#stack.issuer };
    return { kind: 'key', publicKey: (await this.#keyPair(credential)).publicKey };
  }

  async #keyPair(credential: Exclude<Credential, 'keyless'>): Promise<KeyPair> {
    const known = this.#keys.get(credential);
    if (known !== undefined) return known;
    const maker = credential === 'key of cosign' ? 'cosign' : 'sigstead';
    const made = await this.#keyMaker(maker).generateKeyPair(join(this.#directory, 'files', maker));
    this.#keys.set(credential, made);
    return made;
  }
}
