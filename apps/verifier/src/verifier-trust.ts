import type { RevocationList } from '@sigstead/revocation';
import { ConfigError, type Log } from '@sigstead/server';
import { isWithin, type TrustedRoot, type Validity } from '@sigstead/trust';
import {
  openTrustRoots,
  readTrustRootSpecs,
  Revocations,
  TrustAccessError,
  type NamedTrustRoot,
  type TrustRoots,
  type TrustRootStatus,
} from '@sigstead/trust-access';
import type { Trust } from '@sigstead/verification';
import { DEFAULT_REVOCATIONS_REFRESH_MS, type VerifierConfig } from './config.ts';

type Options = Parameters<typeof openTrustRoots>[1];

/** What policies call the root of the settings, where there is only one. */
const ONLY_ROOT = 'default';

/** What everything is judged by, as of the moment it is asked for. */
export class VerifierTrust {
  readonly #roots: TrustRoots;
  readonly #revocations: Revocations | undefined;
  readonly #isNamed: boolean;

  /** @throws ConfigError when a file that is named cannot be used */
  static async open(
    config: VerifierConfig,
    { clock, fetch, log }: { clock: () => Date; fetch: Options['fetch']; log: Log },
  ): Promise<VerifierTrust> {
    const { trustedRootFile, trustRootsFile, trustCacheDirectory, trustOffline, revocations } = config;
    const options = {
      clock,
      fetch,
      log,
      cacheDirectory: trustCacheDirectory,
      offline: trustOffline ?? false,
    };
    let list: Revocations | undefined;
    try {
      const specs =
        trustRootsFile === undefined
          ? [{ name: ONLY_ROOT, source: 'file', path: trustedRootFile ?? '' } as const]
          : await readTrustRootSpecs(trustRootsFile);
      const refreshEveryMs = config.revocationsRefreshMs ?? DEFAULT_REVOCATIONS_REFRESH_MS;
      list = revocations && (await Revocations.open(revocations, { ...options, refreshEveryMs }));
      return new VerifierTrust(await openTrustRoots(specs, options), list, trustRootsFile !== undefined);
    } catch (cause) {
      await list?.close();
      if (!(cause instanceof TrustAccessError)) throw cause;
      throw new ConfigError(cause.message, { cause });
    }
  }

  private constructor(roots: TrustRoots, revocations: Revocations | undefined, isNamed: boolean) {
    this.#roots = roots;
    this.#revocations = revocations;
    this.#isNamed = isNamed;
  }

  /** The roots that may be relied on; the only one has no name where none was given. */
  roots(): Trust {
    const roots = this.#roots.current();
    return this.#isNamed ? roots : (roots[0]?.trustedRoot ?? []);
  }

  /** The same with their names, for policies that name some of them. */
  namedRoots(): readonly NamedTrustRoot[] {
    return this.#roots.current();
  }

  /**
   * Undefined where none is configured.
   *
   * @throws TrustAccessError NO_REVOCATIONS when a fresh list is required and there is none
   */
  revocations(): RevocationList | undefined {
    return this.#revocations?.current();
  }

  /** Changes when verdicts may. */
  get version(): string {
    return `${this.#roots.version}.${this.#revocations?.version ?? ''}`;
  }

  /**
   * Whether anything signed now could be verified.
   *
   * @returns what is in use, for people
   * @throws Error naming what is missing
   */
  assertUsable(now: Date): string {
    this.#roots.assertUsable();
    const found = this.#roots.current().map((root) => describeRoot(root, now));
    const usable = found.find((each) => 'summary' in each);
    const [first] = found;
    if (usable === undefined)
      throw new Error(first !== undefined && 'lacks' in first ? first.lacks : 'no trusted root');
    const faults = this.#roots.status().filter(({ fault }) => fault !== undefined);
    return [
      ...found.map((each) => ('summary' in each ? each.summary : each.lacks)),
      ...faults.map(describeFault),
    ].join('; ');
  }

  /** Asks for the list where there is no fresh one. @throws TrustAccessError NO_REVOCATIONS */
  async assertRevocations(): Promise<string> {
    if (this.#revocations?.status().fresh === false) await this.#revocations.refresh();
    const list = this.revocations();
    const { fault } = this.#revocations?.status() ?? {};
    const summary = list === undefined ? 'no list' : `list ${list.sequence} of ${list.revocations.length}`;
    return fault === undefined ? summary : `${summary}; ${fault.reason}`;
  }

  async close(): Promise<void> {
    await Promise.all([this.#roots.close(), this.#revocations?.close()]);
  }
}

function describeRoot(
  { name, trustedRoot }: NamedTrustRoot,
  now: Date,
): { summary: string } | { lacks: string } {
  const missing = missingKind(trustedRoot, now);
  if (missing !== undefined) return { lacks: `${name} has no current ${missing}` };
  const { certificateAuthorities, ctlogs, tlogs } = trustedRoot;
  return {
    summary: `${name}: ${certificateAuthorities.length} certificate authorities, ${ctlogs.length} CT logs, ${tlogs.length} logs`,
  };
}

function missingKind({ certificateAuthorities, ctlogs, tlogs }: TrustedRoot, now: Date): string | undefined {
  const kinds: readonly (readonly [string, readonly { validFor: Validity }[]])[] = [
    ['certificate authority', certificateAuthorities],
    ['certificate transparency log', ctlogs],
    ['transparency log', tlogs],
  ];
  return kinds.find(([, instances]) => !instances.some(({ validFor }) => isWithin(validFor, now)))?.[0];
}

function describeFault({ name, fault }: TrustRootStatus): string {
  return `${name}: ${fault?.reason ?? ''}`;
}
