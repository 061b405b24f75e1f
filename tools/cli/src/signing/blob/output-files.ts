import type { SigningServices } from '@sigstead/signing';
import { isDigestText } from '../../artifact.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { assertWritable } from '../../replace-file.ts';
import { bundleFiles } from '../bundle-files.ts';
import type { SignatureFiles } from './signature-files.ts';

/** What options say of files to write. */
export interface OutputOptions {
  readonly bundle?: string | undefined;
  readonly signature?: string | undefined;
  readonly certificate?: string | undefined;
  readonly timestamp?: string | undefined;
  readonly attestation?: string | undefined;
  readonly b64?: boolean | undefined;
  readonly key?: string | undefined;
  readonly output: 'text' | 'json';
}

/**
 * The files to write of each thing that is signed. Without an option the bundle is written beside the file, which has a place for it.
 *
 * @param names as the caller named them
 * @throws CliError when two would be one file, or there is no place for a bundle
 */
export async function outputFiles(
  options: OutputOptions,
  names: readonly string[],
): Promise<(name: string) => SignatureFiles> {
  const { bundle, signature, certificate, timestamp, attestation, b64, key } = options;
  const parts = { signature, certificate, timestamp, attestation };
  const isNamed = Object.values(parts).some((path) => path !== undefined);
  if (isNamed && names.length > 1)
    throw new CliError('files for the parts of a signature are for one file that is signed', exitCodes.usage);
  if (certificate !== undefined && key !== undefined)
    throw new CliError('--output-certificate: a key of your own has no certificate', exitCodes.usage);
  for (const path of Object.values(parts)) if (path !== undefined) await assertWritable(path);
  if (bundle === undefined && isNamed) return () => ({ ...parts, b64 });
  const pathFor =
    bundle === undefined ? besideFile(options, names) : (await bundleFiles(bundle, names.length > 1)).pathFor;
  const paths = names.map(pathFor).filter((path) => path !== undefined);
  assertDistinct(paths);
  for (const path of paths) await assertWritable(path);
  return (name) => ({ ...parts, b64, bundle: pathFor(name) });
}

/** A digest and standard input have no place; whoever reads JSON has the bundle in it. */
function besideFile(
  { output }: OutputOptions,
  names: readonly string[],
): (name: string) => string | undefined {
  const placeless = names.find((name) => name === '-' || isDigestText(name));
  if (placeless !== undefined && output !== 'json') {
    const what = placeless === '-' ? 'standard input' : placeless;
    throw new CliError(
      `${what} has no place for its bundle: want --bundle, or --output json`,
      exitCodes.usage,
    );
  }
  return (name) => (name === '-' || isDigestText(name) ? undefined : `${name}.sigstore.json`);
}

/** @throws CliError when a timestamp is to be written and nobody is asked for one */
export function assertTimestamped(path: string | undefined, { timestampAuthorities }: SigningServices): void {
  if (path === undefined || timestampAuthorities.length > 0) return;
  throw new CliError('no timestamp authority is asked: there is no timestamp to write', exitCodes.usage);
}

/** @throws CliError when cosign's older bundles are asked for */
export function assertNewBundles({ newBundleFormat }: { readonly newBundleFormat?: boolean }): void {
  if (newBundleFormat !== false) return;
  throw new CliError("cosign's older bundles are not written", exitCodes.usage);
}

function assertDistinct(paths: readonly string[]): void {
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice !== undefined) throw new CliError(`two bundles would be written to ${twice}`, exitCodes.usage);
}
