import { open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { CliError, exitCodes } from '../cli-error.ts';
import { SecretPrompt, type Terminal } from './secret-prompt.ts';

export interface PasswordOptions {
  readonly passwordFile?: string;
}

/** Where a password may come from. */
export interface PasswordSources {
  readonly environment: NodeJS.ProcessEnv;
  /** Standard input, and whether somebody sits there. */
  readonly input: Readable;
  readonly isTerminal: boolean;
  /** Where the question is put: not where the result goes. */
  readonly output: Writable;
}

export function processPasswordSources(): PasswordSources {
  return {
    environment: process.env,
    input: process.stdin,
    isTerminal: process.stdin.isTTY === true,
    output: process.stderr,
  };
}

const VARIABLES = ['SIGSTEAD_PASSWORD', 'COSIGN_PASSWORD'] as const;
const MAX_PASSWORD_BYTES = 1024;

/**
 * The password of a key from the first of: `--password-file`; SIGSTEAD_PASSWORD or COSIGN_PASSWORD, set to nothing for an empty one;
 * the person at the terminal; standard input to its end, every byte of it, as cosign reads it.
 *
 * @param confirm asks twice: for a new password
 * @returns UTF-8; the caller's to overwrite
 */
export async function readPassword(
  options: PasswordOptions,
  { confirm }: { readonly confirm: boolean },
  sources: PasswordSources,
): Promise<Uint8Array> {
  if (options.passwordFile !== undefined) return readPasswordFile(options.passwordFile);
  for (const name of VARIABLES) {
    const value = sources.environment[name];
    if (value !== undefined) return bounded(new TextEncoder().encode(value), name);
  }
  return sources.isTerminal ? askForPassword(confirm, sources) : readPiped(sources.input);
}

async function askForPassword(confirm: boolean, { input, output }: PasswordSources): Promise<Uint8Array> {
  const prompt = new SecretPrompt(input as Terminal, output);
  const password = await prompt.ask('Enter password for private key: ');
  if (!confirm) return password;
  const again = await prompt.ask('Enter password for private key again: ');
  const isSame = Buffer.from(password).equals(again);
  again.fill(0);
  if (isSame) return password;
  password.fill(0);
  throw new CliError('the passwords are not the same', exitCodes.usage);
}

/** Editors end files with a line end, which is none of the password. */
async function readPasswordFile(path: string): Promise<Uint8Array> {
  const bytes = await readBounded(path);
  const text = bounded(bytes, '--password-file');
  const size = text.at(-1) === 0x0a ? text.length - (text.at(-2) === 0x0d ? 2 : 1) : text.length;
  const password = text.slice(0, size);
  bytes.fill(0);
  return password;
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(MAX_PASSWORD_BYTES + 3));
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CliError(`the password file ${path} cannot be read`, exitCodes.usage, { cause });
  }
}

async function readPiped(input: Readable): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of input) {
    pieces.push(Buffer.from(piece as Uint8Array));
    size += (piece as Uint8Array).length;
    if (size > MAX_PASSWORD_BYTES) break;
  }
  const password = bounded(Uint8Array.from(Buffer.concat(pieces)), 'standard input');
  for (const piece of pieces) piece.fill(0);
  return password;
}

function bounded(bytes: Uint8Array, source: string): Uint8Array {
  if (bytes.length <= MAX_PASSWORD_BYTES + 2) return bytes;
  throw new CliError(`${source} holds more than a password`, exitCodes.usage);
}
