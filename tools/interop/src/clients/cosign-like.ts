import { referenceOf } from '../evidence/registry.ts';
import { execute, type Executed } from '../execute.ts';
import { isAttestation, type Artifact } from '../interop-case.ts';
import type { ExpectedSigner, SigningCredential, Workpiece } from '../workpiece.ts';
import type { Client } from './client.ts';

/** Where programs with cosign's flags differ. */
export interface Dialect {
  readonly program: readonly [string, ...string[]];
  /** What says which services sign, in which form. */
  signingOptions(piece: Workpiece): readonly string[];
  /** What says what is trusted, and which form is looked for. */
  verifyingOptions(piece: Workpiece): readonly string[];
  environment(piece: Workpiece): Readonly<Record<string, string>>;
}

const COMMANDS: Readonly<Record<Artifact, { readonly sign: string; readonly verify: string }>> = {
  image: { sign: 'sign', verify: 'verify' },
  'image attestation': { sign: 'attest', verify: 'verify-attestation' },
  blob: { sign: 'sign-blob', verify: 'verify-blob' },
  'blob attestation': { sign: 'attest-blob', verify: 'verify-blob-attestation' },
};

const TIMEOUT_MS = 60_000;

/** A program that is called as cosign is. */
export class CosignLike implements Client {
  readonly #dialect: Dialect;
  readonly #directory: string;

  /** @param directory home and working directory of the program */
  constructor(dialect: Dialect, directory: string) {
    this.#dialect = dialect;
    this.#directory = directory;
  }

  sign(piece: Workpiece, credential: SigningCredential): Promise<Executed> {
    return this.#run(piece, [
      COMMANDS[piece.artifact].sign,
      '--yes',
      ...this.#dialect.signingOptions(piece),
      ...(credential.kind === 'token'
        ? ['--identity-token', credential.token]
        : ['--key', credential.privateKey]),
      ...(isAttestation(piece.artifact)
        ? ['--type', piece.predicate.name, '--predicate', piece.predicate.file]
        : []),
      ...targetArguments(piece),
    ]);
  }

  verify(piece: Workpiece): Promise<Executed> {
    return this.#run(piece, [
      COMMANDS[piece.artifact].verify,
      ...this.#dialect.verifyingOptions(piece),
      ...signerOptions(piece.expected),
      ...(isAttestation(piece.artifact) ? ['--type', piece.predicate.name] : []),
      ...targetArguments(piece),
    ]);
  }

  /** Makes a pair of keys and gives its files. */
  async generateKeyPair(prefix: string): Promise<{ privateKey: string; publicKey: string }> {
    const made = await this.#execute({}, ['generate-key-pair', '--output-key-prefix', prefix]);
    if (!made.ok) throw new Error(`no key pair: ${made.said}`);
    return { privateKey: `${prefix}.key`, publicKey: `${prefix}.pub` };
  }

  #run(piece: Workpiece, args: readonly string[]): Promise<Executed> {
    return this.#execute(this.#dialect.environment(piece), args);
  }

  #execute(environment: Readonly<Record<string, string>>, args: readonly string[]): Promise<Executed> {
    return execute([...this.#dialect.program, ...args], {
      environment: {
        PATH: process.env['PATH'],
        HOME: this.#directory,
        COSIGN_PASSWORD: 'interop',
        ...environment,
      },
      directory: this.#directory,
      timeoutMs: TIMEOUT_MS,
    });
  }
}

function signerOptions(expected: ExpectedSigner): string[] {
  if (expected.kind === 'key') return ['--key', expected.publicKey];
  return ['--certificate-identity', expected.identity, '--certificate-oidc-issuer', expected.issuer];
}

function targetArguments({ target }: Workpiece): string[] {
  return target.kind === 'blob' ? ['--bundle', target.bundle, target.file] : [referenceOf(target.image)];
}
