import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigError, HttpProblem, readSecret } from '@sigstead/server';

interface Writer {
  readonly author: string;
  readonly tokenHash: Uint8Array;
}

const MIN_TOKEN_LENGTH = 16;
const MAX_TOKEN_LENGTH = 512;
const MAX_WRITERS = 64;
const ONLY_WRITER = 'admin';

/**
 * Who may change policies: bearers of a token. The file has one line per writer, `<author> <token>`, or one with the token alone,
 * whose bearer is recorded as `admin`.
 */
export class PolicyWriters {
  readonly #writers: readonly Writer[];

  /** Nobody: without a file policies are only read. */
  static readonly none = new PolicyWriters([]);

  private constructor(writers: readonly Writer[]) {
    this.#writers = writers;
  }

  /** @throws ConfigError when the file cannot be read or is no such list; it never quotes what is in it */
  static fromFile(path: string): PolicyWriters {
    let text: string;
    try {
      text = readSecret(path);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new ConfigError(`POLICY_ADMIN_TOKEN_FILE cannot be read: ${code ?? 'error'}`, { cause });
    }
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    if (lines.length === 0 || lines.length > MAX_WRITERS) {
      throw new ConfigError(`POLICY_ADMIN_TOKEN_FILE has ${lines.length} lines, want 1 to ${MAX_WRITERS}`);
    }
    const writers = lines.map((line, at) => parseLine(line.trim(), at + 1));
    const unique = (values: readonly unknown[]): boolean =>
      new Set(values.map(String)).size === values.length;
    if (!unique(writers.map(({ author }) => author)) || !unique(writers.map(({ tokenHash }) => tokenHash))) {
      throw new ConfigError('POLICY_ADMIN_TOKEN_FILE has an author or a token twice');
    }
    return new PolicyWriters(writers);
  }

  /**
   * @param authorization header of the request
   * @returns the author, for the record
   * @throws HttpProblem 403 when nobody may write here, 401 when this one may not
   */
  authenticate(authorization: string | undefined): string {
    if (this.#writers.length === 0) {
      throw new HttpProblem(403, 'policies are read-only here: POLICY_ADMIN_TOKEN_FILE is not set', {
        type: 'policies-read-only',
      });
    }
    const [, token] = /^Bearer ([!-~]{1,512})$/i.exec(authorization ?? '') ?? [];
    const hash = hashOf(token ?? '');
    // Every one is looked at, so that the time says nothing of which came close.
    const [writer] = this.#writers.filter(({ tokenHash }) => timingSafeEqual(tokenHash, hash));
    if (token !== undefined && writer !== undefined) return writer.author;
    throw new HttpProblem(401, 'a token of a policy administrator is required', {
      type: 'unauthorized',
      headers: { 'www-authenticate': 'Bearer realm="policies"' },
    });
  }
}

function parseLine(line: string, number: number): Writer {
  const parts = line.split(/\s+/);
  const [author, token] = parts.length === 1 ? [ONLY_WRITER, parts[0]] : parts;
  const isUsable =
    parts.length <= 2 &&
    author !== undefined &&
    /^[A-Za-z0-9@._+-]{1,64}$/.test(author) &&
    token !== undefined &&
    token.length >= MIN_TOKEN_LENGTH &&
    token.length <= MAX_TOKEN_LENGTH &&
    /^[!-~]+$/.test(token);
  if (isUsable) return { author, tokenHash: hashOf(token) };
  throw new ConfigError(
    `POLICY_ADMIN_TOKEN_FILE, line ${number}: want an author and a token of ${MIN_TOKEN_LENGTH} to ${MAX_TOKEN_LENGTH} characters, or the token alone`,
  );
}

function hashOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
