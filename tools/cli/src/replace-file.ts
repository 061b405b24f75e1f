import { randomBytes } from 'node:crypto';
import { access, constants, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError, exitCodes } from './cli-error.ts';

/**
 * A file that is not there before it is whole. Written beside its place first, so that what keeps it from being written is known
 * before anything depends on it.
 */
export class FileDraft {
  readonly #path: string;
  readonly #content: string | Uint8Array;
  /** Undefined where there is no file to replace: a pipe, a terminal. */
  readonly #draft: { readonly path: string; readonly target: string } | undefined;

  private constructor(
    path: string,
    content: string | Uint8Array,
    draft: { readonly path: string; readonly target: string } | undefined,
  ) {
    this.#path = path;
    this.#content = content;
    this.#draft = draft;
  }

  /**
   * @param mode from the first byte on; as new files have it unless given
   * @throws CliError when it cannot be written there
   */
  static async write(path: string, content: string | Uint8Array, mode = 0o666): Promise<FileDraft> {
    const target = await targetOf(path);
    if (target === undefined) return new FileDraft(path, content, undefined);
    const draft = `${target}.${randomBytes(6).toString('hex')}`;
    try {
      await writeFile(draft, content, { mode, flag: 'wx' });
      return new FileDraft(path, content, { path: draft, target });
    } catch (cause) {
      await rm(draft, { force: true });
      throw unwritable(path, cause);
    }
  }

  /**
   * Puts it in its place.
   *
   * @param before what was done already and stays done, for the message
   * @throws CliError
   */
  async keep(before?: string): Promise<void> {
    try {
      if (this.#draft === undefined) await writeFile(this.#path, this.#content);
      else await rename(this.#draft.path, this.#draft.target);
    } catch (cause) {
      await this.discard();
      throw unwritable(this.#path, cause, before);
    }
  }

  async discard(): Promise<void> {
    if (this.#draft !== undefined) await rm(this.#draft.path, { force: true });
  }
}

/** Writes a file, whole or not at all. @throws CliError */
export async function replaceFile(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const draft = await FileDraft.write(path, content, mode);
  await draft.keep();
}

/** Found out before anything depends on it. @throws CliError where no file could be written */
export async function assertWritable(path: string): Promise<void> {
  const target = await targetOf(path);
  try {
    await access(target === undefined ? path : dirname(target), constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** A link stays one: what it leads to is replaced. */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw unwritable(path, { code: 'EISDIR' });
    return found.isFile() ? await realpath(path) : undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return path;
    if (cause instanceof CliError) throw cause;
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown, before?: string): CliError {
  const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
  const what = before === undefined ? path : `${before}, but ${path}`;
  return new CliError(`${what} cannot be written (${code})`, exitCodes.failed, { cause });
}
