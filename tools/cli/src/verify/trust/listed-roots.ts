import {
  openTrustRoots,
  readTrustRootSpecs,
  TrustAccessError,
  type TrustRootSpec,
} from '@sigstead/trust-access';
import type { NamedTrustedRoot } from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';

export interface Listed {
  readonly trustRoot: 'public-good' | undefined;
  /** File with a list. */
  readonly trustRoots: string | undefined;
  readonly offline: boolean;
  /** Where what TUF mirrors said is kept for the next time. */
  readonly cacheDirectory: string;
}

/**
 * The roots of a list, and the public one. The one that ships with this program is used as it is; to have its mirror asked, it can
 * be in the list.
 *
 * @throws CliError when a root of the list may not be relied on: whoever lists it wants it
 */
export async function readListedRoots({
  trustRoot,
  trustRoots,
  offline,
  cacheDirectory,
}: Listed): Promise<{ roots: readonly NamedTrustedRoot[]; origin: string }[]> {
  const own: TrustRootSpec[] =
    trustRoot === undefined ? [] : [{ name: trustRoot, source: 'public-good', refresh: false }];
  try {
    const specs = trustRoots === undefined ? [] : await readTrustRootSpecs(trustRoots);
    const opened = await openTrustRoots([...own, ...specs], {
      clock: () => new Date(),
      fetch,
      offline,
      cacheDirectory,
    });
    try {
      const unusable = opened.status().find(({ usable }) => !usable);
      if (unusable !== undefined) {
        throw new CliError(
          `trust root ${unusable.name} may not be relied on: ${unusable.fault?.reason ?? 'unknown reason'}`,
        );
      }
      return opened
        .current()
        .map(({ name, trustedRoot }) => ({ roots: [{ name, trustedRoot }], origin: `trust root ${name}` }));
    } finally {
      await opened.close();
    }
  } catch (cause) {
    if (!(cause instanceof TrustAccessError)) throw cause;
    throw new CliError(cause.message, exitCodes.failed, { cause });
  }
}
