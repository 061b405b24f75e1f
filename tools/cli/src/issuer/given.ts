import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { MAX_TOKEN_LENGTH } from '@sigstead/oidc';
import { CliError, exitCodes } from '../cli-error.ts';

export type Given = { readonly token: string } | { readonly issuerUrl: string };

/**
 * What the caller wants judged: `-` reads a token from standard input, `@file` from a file, a URL is an issuer, and what
 * looks like a token is one.
 *
 * @throws CliError for anything else; what came is not repeated, it may be a secret
 */
export async function readGiven(argument: string, standardInput: Readable): Promise<Given> {
  if (argument === '-') return { token: await readToken(standardInput, 'standard input') };
  if (argument.startsWith('@')) {
    return { token: await readToken(createReadStream(argument.slice(1)), argument.slice(1)) };
  }
  if (/^https?:/i.test(argument)) return { issuerUrl: argument };
  if (argument.startsWith('eyJ') || argument.split('.', 4).length === 3) return { token: argument.trim() };
  throw new CliError("want an issuer's URL, a token, - or @file", exitCodes.usage);
}

/** A byte more than a token may have is enough to refuse it: no more is read. */
async function readToken(input: Readable, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of input) {
      const bytes = Buffer.from(piece as Uint8Array);
      pieces.push(bytes);
      size += bytes.length;
      if (size > MAX_TOKEN_LENGTH + 16) break;
    }
  } catch (cause) {
    throw new CliError(`the token cannot be read from ${name}`, exitCodes.usage, { cause });
  }
  const token = Buffer.concat(pieces).toString('utf8').trim();
  if (token === '') throw new CliError(`${name} holds no token`, exitCodes.usage);
  return token;
}
