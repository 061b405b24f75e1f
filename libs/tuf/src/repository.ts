import {
  acceptInitialRoot,
  acceptRoot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  assertNotExpired,
  targetsMeta,
} from './accept.ts';
import { assertDescribed, namingHash, type FileDescription } from './digests.ts';
import { download, downloadPresent, type Mirror } from './download.ts';
import { TufError } from './errors.ts';
import { expiryOf, METADATA_LIMITS, readMetadata, type Role, type Signed } from './metadata.ts';
import { own } from './own.ts';

/** Kept between two runs. It is verified again when it is read: whoever can write it cannot add trust. */
export interface RepositoryState {
  /** Roots after the initial one, oldest first. */
  readonly roots: readonly Uint8Array[];
  /** The newest that was seen: nothing older may follow. */
  readonly timestamp: Uint8Array | undefined;
  readonly release: ReleaseState | undefined;
}

/** Metadata that name each other, and the files they vouch for. */
export interface ReleaseState {
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Names of target files, plain ones: no folders. */
export interface WantedFiles {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

export interface Expiry {
  readonly role: Role;
  readonly expires: Date;
}

/** New roots in one refresh, as python-tuf and tuf-js have it. */
const MAX_NEW_ROOTS = 256;
/** Largest target file: a trusted root has some kilobytes. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
const PLAIN_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

interface Release {
  readonly timestamp: Signed<'timestamp'>;
  readonly snapshot: Signed<'snapshot'>;
  readonly targets: Signed<'targets'>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * A client of one TUF repository (TUF 1.0.34, section 5) for files that its top-level targets role vouches for itself: delegated
 * roles have no say over what is trusted, and are not even asked.
 *
 * Trust begins with the root that is given, always: later roots are followed from there again each time.
 */
export class Repository {
  /** Why what was kept is not used, or not all of it. */
  readonly ignored: TufError | undefined;
  readonly #initialVersion: number;
  /** The trusted ones, oldest first; the last one counts. */
  readonly #roots: Signed<'root'>[];
  #timestamp: Signed<'timestamp'> | undefined;
  #release: Release | undefined;

  /**
   * @param initialRoot may have expired: newer ones are looked for first (section 5.3)
   * @throws TufError MALFORMED, LIMIT, SIGNATURES: the root is none
   */
  constructor(initialRoot: Uint8Array, state?: RepositoryState) {
    const root = readMetadata('root', initialRoot);
    acceptInitialRoot(root);
    this.#roots = [root];
    this.#initialVersion = root.metadata.signed.version;
    this.ignored = state === undefined ? undefined : refusalOf(() => this.#restore(state));
  }

  get #root(): Signed<'root'> {
    return this.#roots.at(-1) as Signed<'root'>;
  }

  /** A file as of the last refresh that succeeded; undefined when there is none that still is vouched for. */
  file(name: string): Uint8Array | undefined {
    return this.#release?.files.get(name);
  }

  /** When what the files rest on ends, the first end first. Whether that matters is for whoever uses them. */
  expiries(): readonly Expiry[] {
    const { timestamp, snapshot, targets } = this.#release ?? {};
    const all: readonly (readonly [Role, Signed<Role> | undefined])[] = [
      ['root', this.#root],
      ['timestamp', timestamp],
      ['snapshot', snapshot],
      ['targets', targets],
    ];
    return all
      .flatMap(([role, signed]) =>
        signed === undefined ? [] : [{ role, expires: expiryOf(signed.metadata.signed) }],
      )
      .sort((a, b) => a.expires.getTime() - b.expires.getTime());
  }

  state(): RepositoryState {
    const release = this.#release;
    return {
      roots: this.#roots.slice(1).map(({ text }) => text),
      timestamp: this.#timestamp?.text,
      release: release && {
        timestamp: release.timestamp.text,
        snapshot: release.snapshot.text,
        targets: release.targets.text,
        files: release.files,
      },
    };
  }

  /**
   * The client workflow in its order. What was verified before a failure is kept, so that it cannot be taken back: newer roots and
   * timestamps count, while the files stay those of the last success.
   *
   * @param now fixed for the whole refresh (section 5.1)
   * @throws TufError
   */
  async refresh(mirror: Mirror, wanted: WantedFiles, now: Date): Promise<void> {
    await this.#updateRoot(mirror); // 5.3
    assertNotExpired('root', this.#root, now);
    const timestamp = await this.#updateTimestamp(mirror, now); // 5.4
    const snapshot = await this.#updateSnapshot(mirror, timestamp, now); // 5.5
    const targets = await this.#updateTargets(mirror, snapshot, now); // 5.6
    const files = await this.#updateFiles(mirror, targets, wanted); // 5.7
    this.#release = { timestamp, snapshot, targets, files };
  }

  async #updateRoot(mirror: Mirror): Promise<void> {
    for (let count = 0; ; count++) {
      const version = this.#root.metadata.signed.version + 1;
      const text = await download(mirror, `${version}.root.json`, METADATA_LIMITS.root.maxBytes);
      if (text === undefined) return;
      if (count === MAX_NEW_ROOTS)
        throw new TufError('LIMIT', `${mirror.url} has more than ${MAX_NEW_ROOTS} new roots`);
      this.#follow(readMetadata('root', text));
      this.#forgetUnvouched();
    }
  }

  async #updateTimestamp(mirror: Mirror, now: Date): Promise<Signed<'timestamp'>> {
    const text = await downloadPresent(mirror, 'timestamp.json', METADATA_LIMITS.timestamp.maxBytes);
    const seen = this.#timestamp;
    const answer = readMetadata('timestamp', text);
    acceptTimestamp(this.#root, answer, seen);
    // The same version again is the usual answer, and is the one that is there (5.4.3.1).
    const next = answer.metadata.signed.version === seen?.metadata.signed.version ? seen : answer;
    assertNotExpired('timestamp', next, now);
    this.#timestamp = next;
    return next;
  }

  async #updateSnapshot(
    mirror: Mirror,
    timestamp: Signed<'timestamp'>,
    now: Date,
  ): Promise<Signed<'snapshot'>> {
    const { snapshotMeta } = timestamp.metadata.signed;
    const seen = this.#release?.snapshot;
    const next =
      seen !== undefined && isDescribed(seen, snapshotMeta)
        ? seen
        : await this.#downloadMetadata(mirror, 'snapshot', snapshotMeta);
    acceptSnapshot(this.#root, timestamp, next, seen);
    assertNotExpired('snapshot', next, now);
    return next;
  }

  async #updateTargets(mirror: Mirror, snapshot: Signed<'snapshot'>, now: Date): Promise<Signed<'targets'>> {
    const meta = targetsMeta(snapshot);
    const seen = this.#release?.targets;
    const next =
      seen !== undefined && isDescribed(seen, meta)
        ? seen
        : await this.#downloadMetadata(mirror, 'targets', meta);
    acceptTargets(this.#root, snapshot, next);
    assertNotExpired('targets', next, now);
    return next;
  }

  async #downloadMetadata<R extends 'snapshot' | 'targets'>(
    mirror: Mirror,
    role: R,
    { version, length }: FileDescription & { readonly version: number },
  ): Promise<Signed<R>> {
    const { maxBytes } = METADATA_LIMITS[role];
    const path = this.#isConsistent ? `${version}.${role}.json` : `${role}.json`;
    return readMetadata(role, await downloadPresent(mirror, path, Math.min(length ?? maxBytes, maxBytes)));
  }

  async #updateFiles(
    mirror: Mirror,
    targets: Signed<'targets'>,
    { required, optional }: WantedFiles,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    for (const name of [...required, ...optional]) {
      const described = describedFile(targets, name);
      if (described !== undefined) files.set(name, await this.#updateFile(mirror, name, described));
      else if (required.includes(name)) throw unknownFile(targets, name);
    }
    return files;
  }

  async #updateFile(
    mirror: Mirror,
    name: string,
    described: FileDescription & { length: number },
  ): Promise<Uint8Array> {
    const kept = this.#release?.files.get(name);
    const hash = namingHash(name, described);
    if (kept !== undefined && refusalOf(() => assertDescribed(name, kept, described)) === undefined)
      return kept;
    if (described.length > MAX_FILE_BYTES)
      throw new TufError(
        'LIMIT',
        `${name} has ${described.length} bytes, at most ${MAX_FILE_BYTES} are taken`,
      );
    const path = this.#isConsistent ? `targets/${hash}.${name}` : `targets/${name}`;
    const bytes = await downloadPresent(mirror, path, described.length);
    assertDescribed(name, bytes, described);
    return bytes;
  }

  get #isConsistent(): boolean {
    return this.#root.metadata.signed.consistentSnapshot;
  }

  #follow(next: Signed<'root'>): void {
    acceptRoot(this.#root, next);
    this.#roots.push(next);
  }

  /** A root that names other keys takes back what the old ones signed, and with it the memory that a thief of them may have poisoned (5.3.11). */
  #forgetUnvouched(): void {
    const { timestamp, release } = this.state();
    this.#timestamp = undefined;
    this.#release = undefined;
    refusalOf(() => this.#restoreTimestamp(timestamp));
    refusalOf(() => this.#restoreRelease(release));
  }

  #restore({ roots, timestamp, release }: RepositoryState): void {
    for (const text of roots) {
      const next = readMetadata('root', text);
      // The given root may have become a newer one meanwhile.
      if (next.metadata.signed.version > this.#initialVersion) this.#follow(next);
    }
    this.#restoreTimestamp(timestamp);
    this.#restoreRelease(release);
  }

  #restoreTimestamp(text: Uint8Array | undefined): void {
    if (text === undefined) return;
    const timestamp = readMetadata('timestamp', text);
    acceptTimestamp(this.#root, timestamp);
    this.#timestamp = timestamp;
  }

  #restoreRelease(state: ReleaseState | undefined): void {
    if (state === undefined) return;
    const timestamp = readMetadata('timestamp', state.timestamp);
    acceptTimestamp(this.#root, timestamp);
    const snapshot = readMetadata('snapshot', state.snapshot);
    acceptSnapshot(this.#root, timestamp, snapshot);
    const targets = readMetadata('targets', state.targets);
    acceptTargets(this.#root, snapshot, targets);
    for (const [name, bytes] of state.files) {
      const described = describedFile(targets, name);
      if (described === undefined) throw unknownFile(targets, name);
      namingHash(name, described);
      assertDescribed(name, bytes, described);
    }
    this.#release = { timestamp, snapshot, targets, files: state.files };
  }
}

function describedFile(
  targets: Signed<'targets'>,
  name: string,
): (FileDescription & { length: number }) | undefined {
  if (!PLAIN_NAME.test(name)) throw new TufError('TARGET', `${name.slice(0, 100)} is no plain file name`);
  return own(targets.metadata.signed.targets, name);
}

function unknownFile({ metadata }: Signed<'targets'>, name: string): TufError {
  return new TufError(
    'TARGET',
    `targets.json of version ${metadata.signed.version} does not have ${name}, and delegated roles have no say over it`,
  );
}

function isDescribed(
  { text, metadata }: Signed<Role>,
  description: FileDescription & { readonly version: number },
): boolean {
  if (metadata.signed.version !== description.version) return false;
  return refusalOf(() => assertDescribed('metadata', text, description)) === undefined;
}

function refusalOf(check: () => void): TufError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof TufError) return error;
    throw error;
  }
}
