import { createHash, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LocalStack } from '@sigstead/instance';
import { readEvidence, type BundleJson } from '../evidence/evidence.ts';
import { bundleOfLegacy } from '../evidence/legacy-bundle.ts';
import type { Executed } from '../execute.ts';
import { isAttestation } from '../interop-case.ts';
import type { ExpectedSigner, Workpiece } from '../workpiece.ts';
import type { Client } from './client.ts';

/** What is used of `@sigstore/verify` and the packages it goes with. */
interface SigstoreJs {
  readonly bundleFromJSON: (json: unknown) => unknown;
  readonly TrustedRoot: { fromJSON(json: unknown): unknown };
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

/**
 * `@sigstore/verify`. It judges bundles: images are looked up for it, and what its callers are expected to compare
 * themselves is compared here (subject and type of a statement, the digest in a `.sig`).
 */
export class SigstoreJsClient implements Client {
  readonly #library: SigstoreJs;
  readonly #stack: LocalStack;

  /** @param folder where its packages are installed */
  constructor(folder: string, stack: LocalStack) {
    const require = createRequire(join(folder, 'package.json'));
    this.#library = {
      ...(require('@sigstore/bundle') as Pick<SigstoreJs, 'bundleFromJSON'>),
      ...(require('@sigstore/protobuf-specs') as Pick<SigstoreJs, 'TrustedRoot'>),
      ...(require('@sigstore/verify') as Omit<SigstoreJs, 'bundleFromJSON' | 'TrustedRoot'>),
    };
    this.#stack = stack;
  }

  sign(): Promise<Executed> {
    throw new Error('@sigstore/verify does not sign');
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
