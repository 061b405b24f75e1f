import { sha256 } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import type { Fetch } from '@sigstead/tuf';
import { readBounded, type Repeat } from '@sigstead/watched-file';
import { EmbeddedSource } from './embedded-source.ts';
import { TrustAccessError } from './errors.ts';
import { FileSource } from './file-source.ts';
import { PUBLIC_GOOD_MIRROR, publicGoodSeed } from './public-good.ts';
import {
  assertDistinct,
  MAX_SPEC_BYTES,
  parseTrustRootSpecs,
  type TrustRootSpec,
} from './trust-root-spec.ts';
import {
  readTrustRoot,
  SILENT,
  type NamedTrustRoot,
  type TrustLog,
  type TrustRootStatus,
  type TrustSource,
} from './trust-source.ts';
import type { TufRepositorySpec } from './tuf-source.ts';

export interface TrustRootsOptions {
  readonly clock: () => Date;
  /** Towards TUF mirrors. */
  readonly fetch: Fetch;
  /** Nothing is dialled: what is embedded, in files, or kept of an earlier run is used, and its end is told and not enforced. */
  readonly offline?: boolean;
  /** Where what mirrors said is kept between two runs; undefined: nowhere. */
  readonly cacheDirectory?: string | undefined;
  readonly log?: TrustLog;
  /** How often mirrors are asked; every hour unless told. */
  readonly refreshEveryMs?: number;
  /** Spreads questions to mirrors: from 0 to below 1. */
  readonly random?: () => number;
  /** For looks at files; every 2 seconds unless told. */
  readonly repeat?: Repeat;
}

const HOUR_MS = 3_600_000;
const RETRY_MS = 60_000;
const MAX_INITIAL_ROOT_BYTES = 512_000;

/**
 * Trusted roots of several places, side by side and never merged: a verification tries each by itself, so that a certificate of one
 * CA is never combined with another's log.
 */
export class TrustRoots {
  readonly #sources: readonly TrustSource[];

  /** {@link openTrustRoots} */
  constructor(sources: readonly TrustSource[]) {
    this.#sources = sources;
  }

  /** Those that may be relied on now, in the order they were given. To be asked once for each verification. */
  current(): readonly NamedTrustRoot[] {
    return this.#sources.flatMap((source) => source.current() ?? []);
  }

  /** Changes with what {@link current} says, and with nothing else: for keys of cached verdicts. */
  get version(): string {
    const parts = this.current().map(({ name, digest }) => [name, digest]);
    return encodeHex(sha256(encodeUtf8(JSON.stringify(parts))));
  }

  /** Of all of them, those out of use too. */
  status(): readonly TrustRootStatus[] {
    return this.#sources.map((source) => source.status());
  }

  /** @throws TrustAccessError NO_ROOT with the reasons, when no root may be relied on */
  assertUsable(): void {
    if (this.current().length > 0) return;
    const reasons = this.status().map(({ name, fault }) => `${name}: ${fault?.reason ?? 'unknown reason'}`);
    throw new TrustAccessError('NO_ROOT', `no trusted root may be relied on (${reasons.join('; ')})`);
  }

  /** Looks for something newer everywhere. Never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.refresh()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }
}

/**
 * Opens trust roots and keeps them current: files are looked at every two seconds, mirrors asked at the start and then every hour.
 *
 * @throws TrustAccessError CONFIG for files that cannot be used. Mirrors that do not answer are in the status: what they vouch for
 * is not trusted until they do
 */
export async function openTrustRoots(
  specs: readonly TrustRootSpec[],
  options: TrustRootsOptions,
): Promise<TrustRoots> {
  assertDistinct(specs);
  const opened = await Promise.allSettled(specs.map((spec) => openSource(spec, options)));
  const sources = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed === undefined) return new TrustRoots(sources);
  await Promise.all(sources.map((source) => source.close()));
  throw failed.reason;
}

/** @throws TrustAccessError CONFIG */
export async function readTrustRootSpecs(file: string): Promise<readonly TrustRootSpec[]> {
  const content = await readBounded(file, MAX_SPEC_BYTES);
  if ('failure' in content) throw new TrustAccessError('CONFIG', `${file}: ${content.failure}`);
  return parseTrustRootSpecs(content.bytes, file);
}

async function openSource(spec: TrustRootSpec, options: TrustRootsOptions): Promise<TrustSource> {
  const { clock, log = SILENT, repeat } = options;
  const { name } = spec;
  switch (spec.source) {
    case 'file':
      return FileSource.open(name, spec.path, { clock, log, repeat });
    case 'tuf': {
      const content = await readBounded(spec.initialRoot, MAX_INITIAL_ROOT_BYTES);
      if ('failure' in content)
        throw new TrustAccessError('CONFIG', `trust root ${name}: ${spec.initialRoot}: ${content.failure}`);
      return openTufSource({ name, mirror: spec.mirror, initialRoot: content.bytes }, options);
    }
    case 'public-good': {
      const { initialRoot, trustedRoot } = publicGoodSeed();
      if (!spec.refresh) return new EmbeddedSource(readTrustRoot(name, trustedRoot), clock());
      return openTufSource({ name, mirror: PUBLIC_GOOD_MIRROR, initialRoot, embedded: trustedRoot }, options);
    }
  }
}

/** Loaded where it is needed: most who verify have a file, and a command should start at once. */
async function openTufSource(spec: TufRepositorySpec, options: TrustRootsOptions): Promise<TrustSource> {
  const { TufSource } = await import('./tuf-source.ts');
  const { clock, fetch, offline, cacheDirectory, log = SILENT, refreshEveryMs, random } = options;
  const everyMs = refreshEveryMs ?? HOUR_MS;
  return TufSource.open(spec, {
    clock,
    log,
    fetch: offline === true ? undefined : fetch,
    cacheDirectory,
    times: { everyMs, retryMs: Math.min(RETRY_MS, everyMs), random: random ?? Math.random },
  });
}
