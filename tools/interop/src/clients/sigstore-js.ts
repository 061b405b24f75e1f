import { createHash, createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LocalStack } from '@sigstead/instance';
import { readEvidence, type BundleJson } from '../evidence/evidence.ts';
import { bundleOfLegacy } from '../evidence/legacy-bundle.ts';
import type { Executed } from '../execute.ts';
import { isAttestation } from '../interop-case.ts';
import type { BlobTarget, ExpectedSigner, SigningCredential, Workpiece } from '../workpiece.ts';
import type { Client } from './client.ts';

/** What is used of `@sigstore/sign`, `@sigstore/verify` and the packages they go with. */
interface SigstoreJs {
  readonly bundleFromJSON: (json: unknown) => unknown;
  readonly bundleToJSON: (bundle: unknown) => unknown;
  readonly SigningConfig: { fromJSON(json: unknown): unknown };
  readonly TrustedRoot: { fromJSON(json: unknown): unknown };
  readonly bundleBuilderFromSigningConfig: (options: {
    signingConfig: unknown;
    identityProvider: { getToken(): Promise<string> };
    bundleType: 'messageSignature' | 'dsseEnvelope';
  }) => { create(artifact: { data: Buffer; type?: string }): Promise<unknown> };
  readonly toTrustMaterial: (root: unknown, keys?: (hint: string) => unknown) => unknown;
  readonly toSignedEntity: (bundle: unknown, artifact?: Buffer) => unknown;
  readonly Verifier: new (
    trust: unknown,
    thresholds: { ctlogThreshold: number; tlogThreshold: number; timestampThreshold: number },
  ) => { verify(entity: unknown, policy?: unknown): unknown };
}

/** A bundle, and what its signature is to be of. */
interface Judged {
  readonly bundle: BundleJson;
  /** What was signed as it is: the blob, or the payload of a `.sig`. */
  readonly content: Buffer;
  /** SHA-256 of the blob or manifest. */
  readonly digest: string;
}

const IN_TOTO = 'application/vnd.in-toto+json';

/**
 * `@sigstore/sign`, which signs files, and `@sigstore/verify`. That judges bundles: images are looked up for it, and what its callers are expected to compare
 * themselves is compared here (subject and type of a statement, the digest in a `.sig`).
 */
export class SigstoreJsClient implements Client {
  readonly #library: SigstoreJs;
  readonly #stack: LocalStack;

  /** @param folder where its packages are installed */
  constructor(folder: string, stack: LocalStack) {
    const require = createRequire(join(folder, 'package.json'));
    this.#library = {
      ...(require('@sigstore/bundle') as Pick<SigstoreJs, 'bundleFromJSON' | 'bundleToJSON'>),
      ...(require('@sigstore/protobuf-specs') as Pick<SigstoreJs, 'SigningConfig' | 'TrustedRoot'>),
      ...(require('@sigstore/sign') as Pick<SigstoreJs, 'bundleBuilderFromSigningConfig'>),
      ...(require('@sigstore/verify') as Pick<SigstoreJs, 'toTrustMaterial' | 'toSignedEntity' | 'Verifier'>),
    };
    this.#stack = stack;
  }

  async sign(piece: Workpiece, credential: SigningCredential): Promise<Executed> {
    if (credential.kind !== 'token' || piece.target.kind !== 'blob')
      throw new Error('@sigstore/sign signs files, keyless only');
    try {
      await this.#sign(piece, piece.target, credential.token);
      return { ok: true, stdout: '', said: '' };
    } catch (error) {
      return { ok: false, stdout: '', said: String(error) };
    }
  }

  async verify(piece: Workpiece): Promise<Executed> {
    try {
      const judged = await readJudged(piece);
      await this.#verify(judged, piece.expected);
      assertAbout(piece, judged);
      return { ok: true, stdout: '', said: '' };
    } catch (error) {
      return { ok: false, stdout: '', said: String(error) };
    }
  }

  async #sign(piece: Workpiece, { file, bundle }: BlobTarget, token: string): Promise<void> {
    const { SigningConfig, bundleBuilderFromSigningConfig, bundleToJSON } = this.#library;
    const config = JSON.parse(await readFile(this.#stack.signingConfig(piece.log), 'utf8')) as unknown;
    const attests = isAttestation(piece.artifact);
    const builder = bundleBuilderFromSigningConfig({
      signingConfig: SigningConfig.fromJSON(config),
      identityProvider: { getToken: () => Promise.resolve(token) },
      bundleType: attests ? 'dsseEnvelope' : 'messageSignature',
    });
    const content = await readFile(file);
    const signed = await builder.create(
      attests ? { data: await statementAbout(content, piece), type: IN_TOTO } : { data: content },
    );
    await writeFile(bundle, JSON.stringify(bundleToJSON(signed)));
  }

  async #verify({ bundle, content }: Judged, expected: ExpectedSigner): Promise<void> {
    const { bundleFromJSON, TrustedRoot, toTrustMaterial, toSignedEntity, Verifier } = this.#library;
    const root = TrustedRoot.fromJSON(await this.#stack.readTrustedRoot());
    const key = expected.kind === 'key' ? createPublicKey(await readFile(expected.publicKey)) : undefined;
    const trust = toTrustMaterial(root, key && (() => ({ publicKey: key, validFor: () => true })));
    const thresholds = { ctlogThreshold: 1, tlogThreshold: 1, timestampThreshold: 1 };
    const entity = toSignedEntity(bundleFromJSON(bundle), content);
    new Verifier(trust, thresholds).verify(
      entity,
      expected.kind === 'identity'
        ? { subjectAlternativeName: exactly(expected.identity), extensions: { issuer: expected.issuer } }
        : undefined,
    );
  }
}

async function statementAbout(content: Buffer, { predicate }: Workpiece): Promise<Buffer> {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'file', digest: { sha256: createHash('sha256').update(content).digest('hex') } }],
    predicateType: predicate.uri,
    predicate: JSON.parse(await readFile(predicate.file, 'utf8')) as unknown,
  };
  return Buffer.from(JSON.stringify(statement));
}

async function readJudged({ artifact, form, target }: Workpiece): Promise<Judged> {
  if (target.kind === 'blob') {
    const content = await readFile(target.file);
    const bundle = JSON.parse(await readFile(target.bundle, 'utf8')) as BundleJson;
    return { bundle, content, digest: createHash('sha256').update(content).digest('hex') };
  }
  const { signature } = await readEvidence(target.image, artifact, form);
  const digest = target.image.digest.replace('sha256:', '');
  if (signature.form === 'bundle') return { bundle: signature.bundle, content: Buffer.alloc(0), digest };
  return { bundle: bundleOfLegacy(signature), content: signature.payload, digest };
}

function assertAbout(piece: Workpiece, { bundle, content, digest }: Judged): void {
  if (bundle.dsseEnvelope !== undefined) {
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString()) as {
      subject: readonly { digest: { sha256?: string } }[];
      predicateType: string;
    };
    if (!statement.subject.some((subject) => subject.digest.sha256 === digest))
      throw new Error('the statement is about something else');
    if (isAttestation(piece.artifact) && statement.predicateType !== piece.predicate.uri)
      throw new Error(`the statement is of type ${statement.predicateType}`);
  } else if (piece.target.kind === 'image') {
    const payload = JSON.parse(content.toString()) as {
      critical: { image: { 'docker-manifest-digest': string } };
    };
    if (payload.critical.image['docker-manifest-digest'] !== `sha256:${digest}`)
      throw new Error('the payload is about another image');
  }
}

/** Names are patterns to it. */
function exactly(text: string): string {
  return `^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
}
