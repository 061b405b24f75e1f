import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CliError, exitCodes } from '../cli-error.ts';
import { assertWritable } from '../replace-file.ts';

/** Where each bundle goes. */
export interface BundleFiles {
  /** @param name of what is signed: a file's, or a digest */
  pathFor(name: string): string;
}

/**
 * Reads `--bundle`: a file for one bundle; a folder, which is made if it is not there, for several, or when it is one already.
 *
 * @throws CliError for a file where there are several
 */
export async function bundleFiles(option: string, several: boolean): Promise<BundleFiles> {
  const found = await stat(option).catch(() => undefined);
  if (!several && found?.isDirectory() !== true && !option.endsWith('/')) {
    await assertWritable(option);
    return { pathFor: () => option };
  }
  if (found !== undefined && !found.isDirectory())
    throw new CliError(
      `--bundle ${option}: several bundles go to a folder, and this is a file`,
      exitCodes.usage,
    );
  try {
    await mkdir(option, { recursive: true });
  } catch (cause) {
    throw new CliError(`--bundle ${option}: the folder cannot be made`, exitCodes.failed, { cause });
  }
  return { pathFor: (name) => join(option, `${fileName(name)}.sigstore.json`) };
}

/** `sha256:<hex>` as tags have it. */
function fileName(name: string): string {
  return basename(name.replace(/^(sha256|sha384|sha512):/, '$1-'));
}
