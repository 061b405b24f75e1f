import { ConfigError, type Log } from '@sigstead/server';
import { isWithin, parseTrustedRoot, TrustError, type TrustedRoot } from '@sigstead/trust';
import { readBounded, WatchedFile, type FileContent, type Repeat } from '@sigstead/watched-file';

/** What `parseTrustedRoot` takes. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The trusted root, read again when its file changes: a new authority or log is in it before it is used. What cannot be used does not
 * take the place of what could.
 */
export class TrustedRootFile {
  readonly #file: WatchedFile;
  #current: TrustedRoot;
  #refusal: string | undefined;

  /** @throws ConfigError when the file cannot be read or is no trusted root */
  static async open(path: string, log: Log, repeat?: Repeat): Promise<TrustedRootFile> {
    const content = await readBounded(path, MAX_BYTES);
    const root = readTrustedRoot(content);
    if (typeof root === 'string') throw new ConfigError(`trusted root ${path} is not usable: ${root}`);
    return new TrustedRootFile(path, content, root, log, repeat);
  }

  private constructor(
    path: string,
    content: FileContent,
    root: TrustedRoot,
    log: Log,
    repeat: Repeat | undefined,
  ) {
    this.#current = root;
    const onChange = (changed: FileContent): void => {
      const next = readTrustedRoot(changed);
      this.#refusal = typeof next === 'string' ? next : undefined;
      if (typeof next === 'string')
        return log.warn('the trusted root has changed and cannot be used', { reason: next });
      this.#current = next;
      log.info('the trusted root has changed');
    };
    this.#file = new WatchedFile(path, content, { maxBytes: MAX_BYTES, onChange, repeat });
  }

  get current(): TrustedRoot {
    return this.#current;
  }

  /** For readiness. @throws Error naming what is missing for anything that is signed now to verify */
  check(now: Date): string {
    assertUsable(this.#current, now);
    return this.#refusal === undefined ? 'ok' : `as it was before the file changed: ${this.#refusal}`;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function readTrustedRoot(content: FileContent): TrustedRoot | string {
  if ('failure' in content) return content.failure;
  try {
    return parseTrustedRoot(content.bytes);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return error.message;
  }
}

function assertUsable({ certificateAuthorities, ctlogs, tlogs }: TrustedRoot, now: Date): void {
  const kinds = {
    'certificate authority': certificateAuthorities,
    'certificate transparency log': ctlogs,
    'transparency log': tlogs,
  };
  for (const [kind, instances] of Object.entries(kinds)) {
    if (!instances.some(({ validFor }) => isWithin(validFor, now)))
      throw new Error(`the trusted root has no ${kind} that is valid now`);
  }
}
