import type { Service, SigningConfig } from '@sigstead/trust';
import { readBaseUrl } from '../../base-url.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { SigningOptions } from '../options.ts';

/**
 * The services that options name by their URLs, in the form of a signing configuration.
 *
 * @returns undefined when none is named
 * @throws CliError when one that is needed is not
 */
export function namedServices(options: SigningOptions): SigningConfig | undefined {
  const { fulcioUrl, rekorUrl, timestampServerUrl, rekorVersion = '1', key } = options;
  const isNamed = [fulcioUrl, rekorUrl, timestampServerUrl].some((url) => url !== undefined);
  if (!isNamed) {
    if (options.useSigningConfig !== false) return undefined;
    throw missing('--fulcio-url and --rekor-url');
  }
  if (options.signingConfig !== undefined)
    throw new CliError('single URLs stand in the place of --signing-config', exitCodes.usage);
  if (rekorUrl === undefined) throw missing('--rekor-url');
  if (fulcioUrl === undefined && key === undefined) throw missing('--fulcio-url, or --key');
  return {
    caUrls: fulcioUrl === undefined ? [] : [service(fulcioUrl)],
    oidcUrls: [],
    rekorTlogUrls: [service(rekorUrl, Number(rekorVersion))],
    rekorTlogConfig: { selector: 'ALL' },
    tsaUrls: timestampServerUrl === undefined ? [] : [service(timestampServerUrl)],
    ...(timestampServerUrl !== undefined && { tsaConfig: { selector: 'ALL' as const } }),
  };
}

function service(url: string, majorApiVersion = 1): Service {
  return { url: readBaseUrl(url), majorApiVersion, validFor: {}, operator: '' };
}

function missing(what: string): CliError {
  return new CliError(`single URLs sign without a signing configuration: want ${what} too`, exitCodes.usage);
}
