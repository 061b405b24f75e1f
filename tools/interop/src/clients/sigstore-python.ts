import type { LocalStack } from '@sigstead/instance';
import { execute, type Executed } from '../execute.ts';
import { isAttestation } from '../interop-case.ts';
import type { SigningCredential, Workpiece } from '../workpiece.ts';
import type { Client } from './client.ts';

const TIMEOUT_MS = 60_000;

/** sigstore-python: files only, keyless only. */
export class SigstorePython implements Client {
  readonly #program: string;
  readonly #stack: LocalStack;
  readonly #directory: string;

  constructor(program: string, stack: LocalStack, directory: string) {
    this.#program = program;
    this.#stack = stack;
    this.#directory = directory;
  }

  sign(piece: Workpiece, credential: SigningCredential): Promise<Executed> {
    if (credential.kind !== 'token') throw new Error('sigstore-python signs keyless only');
    const { file, bundle } = fileOf(piece);
    const { predicate } = piece;
    return this.#run(piece, [
      ...(isAttestation(piece.artifact)
        ? ['attest', '--predicate-type', predicate.uri, '--predicate', predicate.file]
        : ['sign']),
      ...['--identity-token', credential.token, '--bundle', bundle, file],
    ]);
  }

  verify(piece: Workpiece): Promise<Executed> {
    const { expected } = piece;
    if (expected.kind !== 'identity') throw new Error('sigstore-python verifies identities only');
    const { file, bundle } = fileOf(piece);
    return this.#run(piece, [
      ...['verify', 'identity', '--bundle', bundle],
      ...['--cert-identity', expected.identity, '--cert-oidc-issuer', expected.issuer, file],
    ]);
  }

  #run({ log }: Workpiece, args: readonly string[]): Promise<Executed> {
    return execute([this.#program, '--trust-config', this.#stack.clientTrustConfig(log), ...args], {
      environment: { PATH: process.env['PATH'], HOME: this.#directory },
      directory: this.#directory,
      timeoutMs: TIMEOUT_MS,
    });
  }
}

function fileOf({ target }: Workpiece): { file: string; bundle: string } {
  if (target.kind !== 'blob') throw new Error('sigstore-python knows no images');
  return target;
}
