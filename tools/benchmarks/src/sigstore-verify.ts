import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The release that is measured against: the newest when this was written. */
const VERSION = '4.1.3';
const CACHE = join('node_modules', '.cache', 'sigstead-benchmarks', `sigstore-verify-${VERSION}`);
const INSTALL_TIMEOUT_MS = 120_000;

/** The parts of `@sigstore/verify` and its neighbours that are used. */
export interface SigstoreVerify {
  readonly version: string;
  readonly Verifier: new (trustMaterial: unknown) => {
    verify(entity: unknown, policy: unknown): unknown;
  };
  readonly toTrustMaterial: (root: unknown) => unknown;
  readonly toSignedEntity: (bundle: unknown, artifact?: Uint8Array) => unknown;
  readonly bundleFromJSON: (json: unknown) => unknown;
  readonly trustedRootFromJSON: (json: unknown) => unknown;
}

/**
 * `@sigstore/verify`, which is no dependency of ours and says it wants a newer Node than we do, though it runs on this one. It is
 * installed into a cache folder of its own at first use.
 *
 * @param folder with `node_modules` that have it; the cache unless given
 * @returns the reason when it cannot be had
 */
export async function loadSigstoreVerify(folder?: string): Promise<SigstoreVerify | string> {
  const found = load(resolve(folder ?? CACHE));
  if (typeof found !== 'string' || folder !== undefined) return found;
  const failure = await install(resolve(CACHE));
  return failure ?? load(resolve(CACHE));
}

function load(folder: string): SigstoreVerify | string {
  // Not one further up: the workspace has an older release, for tests of its own.
  if (!existsSync(join(folder, 'node_modules', '@sigstore', 'verify')))
    return `@sigstore/verify is not in ${folder}`;
  try {
    const require = createRequire(join(folder, 'package.json'));
    const { version } = require('@sigstore/verify/package.json') as { version: string };
    const verify = require('@sigstore/verify') as Pick<
      SigstoreVerify,
      'Verifier' | 'toTrustMaterial' | 'toSignedEntity'
    >;
    const { bundleFromJSON } = require('@sigstore/bundle') as Pick<SigstoreVerify, 'bundleFromJSON'>;
    const { TrustedRoot } = require('@sigstore/protobuf-specs') as {
      TrustedRoot: { fromJSON(json: unknown): unknown };
    };
    return { version, ...verify, bundleFromJSON, trustedRootFromJSON: (json) => TrustedRoot.fromJSON(json) };
  } catch (error) {
    return `@sigstore/verify in ${folder} cannot be loaded (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
  }
}

async function install(folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--engine-strict=false', '--save-exact'];
  try {
    await promisify(execFile)('npm', ['install', ...flags, `@sigstore/verify@${VERSION}`], {
      cwd: folder,
      timeout: INSTALL_TIMEOUT_MS,
    });
    return undefined;
  } catch {
    return `npm could not install @sigstore/verify@${VERSION}; name a folder that has it with --sigstore-verify`;
  }
}
