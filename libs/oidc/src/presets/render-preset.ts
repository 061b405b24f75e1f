import { stringify } from 'yaml';
import { OidcError } from '../errors.ts';
import { parseWebUrl } from '../web-url.ts';
import type { CiProviderPreset } from './preset.ts';
import { presets, type PresetName } from './presets.ts';

export interface PresetChoices {
  readonly issuerUrl: string;
  readonly clientId: string;
  /** The server the claims speak of, when it is not the preset's. */
  readonly url?: string;
  /** For the preset `spiffe`. */
  readonly trustDomain?: string;
}

/** The `url` a preset's templates work with for this issuer; nothing when they know none. */
export function serverUrl(ciProvider: CiProviderPreset, issuerUrl: string, url?: string): string | undefined {
  if (url !== undefined) return url.replace(/\/$/, '');
  return ciProvider.servesItself === true ? parseWebUrl(issuerUrl)?.origin : ciProvider.defaults['url'];
}

/**
 * A preset written out as a configuration file that Fulcio takes as well. A metadata entry of an issuer that is not the
 * preset's usual one gets a name of its own, so that several such files can be merged.
 *
 * @throws OidcError CONFIG when the issuer is no web address, or the trust domain is missing
 */
export function renderPreset(name: PresetName, choices: PresetChoices): string {
  const preset = presets[name];
  const { issuerUrl, clientId, url, trustDomain } = choices;
  const address = parseWebUrl(issuerUrl);
  if (address === undefined) throw new OidcError('CONFIG', `preset ${name}: want the issuer's web address`);
  if (preset.type === 'spiffe' && trustDomain === undefined)
    throw new OidcError('CONFIG', `preset ${name}: want the trust domain`);
  const { ciProvider } = preset;
  const metadata = ciProvider && metadataOf(ciProvider, serverUrl(ciProvider, issuerUrl, url));
  const isUsual = metadata?.['default-template-values']['url'] === ciProvider?.defaults['url'];
  const metadataName = ciProvider && (isUsual ? ciProvider.name : `${ciProvider.name}-${address.host}`);
  const issuer = {
    'issuer-url': issuerUrl,
    'client-id': clientId,
    type: preset.type,
    ...(metadataName === undefined ? {} : { 'ci-provider': metadataName }),
    ...(preset.skipEmailVerification === true ? { 'skip-email-verification': true } : {}),
    ...(preset.subjectsOnIssuerHost === true ? { 'subject-domain': address.origin } : {}),
    ...(preset.type === 'spiffe' ? { 'spiffe-trust-domain': trustDomain } : {}),
  };
  const file = {
    'oidc-issuers': { [issuerUrl]: issuer },
    ...(metadataName === undefined ? {} : { 'ci-issuer-metadata': { [metadataName]: metadata } }),
  };
  return stringify(file, { lineWidth: 0 });
}

function metadataOf(
  { defaults, extensions, subjectAlternativeName }: CiProviderPreset,
  url: string | undefined,
): {
  readonly 'default-template-values': Readonly<Record<string, string>>;
  readonly 'extension-templates': Readonly<Record<string, string>>;
  readonly 'subject-alternative-name-template': string;
} {
  return {
    'default-template-values': { ...defaults, ...(url === undefined ? {} : { url }) },
    'extension-templates': extensions,
    'subject-alternative-name-template': subjectAlternativeName,
  };
}
