import { parseClaimPath } from '../claim-path.ts';
import type { CiProviderMetadata } from '../ci-provider-metadata.ts';
import { quote } from '../errors.ts';
import { issuerTypes, type IdentityRules, type IssuerType } from '../issuer-config.ts';
import type { CiProviderPreset, Preset } from '../presets/preset.ts';
import { serverUrl } from '../presets/render-preset.ts';
import { Template } from '../template/template.ts';
import { parseTrustDomain } from '../spiffe-id.ts';
import { parseWebUrl } from '../web-url.ts';
import { assertAllowedDomain } from './allowed-domain.ts';
import { extensionTemplateKeys, type MetadataByName } from './read-ci-metadata.ts';
import { at, invalid, type Section } from './section.ts';

/** Scheme and host the issuer has, or its pattern. */
export interface IssuerAddress {
  readonly protocol: string;
  readonly hostname: string;
  /** Nothing for a pattern. */
  readonly issuerUrl?: string;
}

/**
 * How an issuer's tokens become identities, with the checks Fulcio makes at start. Fulcio also starts with a type nobody
 * knows when it has a challenge claim, and with a CI provider that has no metadata, and refuses their tokens: both are
 * refused here.
 *
 * @throws OidcError CONFIG
 */
export function readIdentity(
  section: Section,
  preset: Preset | undefined,
  issuer: IssuerAddress,
  metadata: MetadataByName,
): IdentityRules {
  const type = readType(section, preset);
  if (type !== 'email' && section.text('issuer-claim') !== undefined)
    throw invalid(section.at('issuer-claim'), 'only for issuers of type email');
  if (type !== 'ci-provider' && section.text('url') !== undefined)
    throw invalid(section.at('url'), 'only for issuers of type ci-provider');
  switch (type) {
    case 'email':
      return readEmail(section, preset);
    case 'spiffe':
      return { type, trustDomain: readTrustDomain(section) };
    case 'uri':
      return { type, subjectDomain: readUriDomain(section, preset, issuer) };
    case 'username':
      return { type, subjectDomain: readUsernameDomain(section, issuer) };
    case 'ci-provider':
      return readCiProvider(section, preset, issuer, metadata);
    default:
      return { type };
  }
}

function readType(section: Section, preset: Preset | undefined): IssuerType {
  const name = section.text('type') ?? preset?.type;
  const type = issuerTypes.find((known) => known === name);
  if (type === undefined)
    throw invalid(
      section.at('type'),
      `${quote(name)} is no issuer type, want one of ${issuerTypes.join(', ')}`,
    );
  return type;
}

function readEmail(section: Section, preset: Preset | undefined): IdentityRules {
  const skipEmailVerification =
    section.value('skip-email-verification') === undefined
      ? preset?.skipEmailVerification === true
      : section.flag('skip-email-verification');
  const text = section.text('issuer-claim');
  if (text === undefined) return { type: 'email', skipEmailVerification };
  const issuerClaim = parseClaimPath(text);
  if (issuerClaim === undefined)
    throw invalid(section.at('issuer-claim'), `${quote(text)} is no path such as $.a.b or $['a']['b']`);
  return { type: 'email', skipEmailVerification, issuerClaim };
}

function readTrustDomain(section: Section): string {
  const text = section.text('spiffe-trust-domain');
  const trustDomain = text === undefined ? undefined : parseTrustDomain(text);
  if (trustDomain === undefined)
    throw invalid(section.at('spiffe-trust-domain'), `${quote(text)} is no SPIFFE trust domain`);
  return trustDomain;
}

function readUriDomain(section: Section, preset: Preset | undefined, issuer: IssuerAddress): string {
  const own = preset?.subjectsOnIssuerHost === true ? `${issuer.protocol}//${issuer.hostname}` : undefined;
  const text = section.text('subject-domain') ?? own;
  const path = section.at('subject-domain');
  const domain = text === undefined ? undefined : parseWebUrl(text);
  if (text === undefined || domain === undefined)
    throw invalid(path, `${quote(text)}: want a URL with its scheme, such as https://example.com`);
  if (domain.protocol !== issuer.protocol)
    throw invalid(path, `scheme ${domain.protocol} differs from the issuer's ${issuer.protocol}`);
  at(path, () => assertAllowedDomain(domain.hostname, issuer.hostname));
  return text;
}

function readUsernameDomain(section: Section, issuer: IssuerAddress): string {
  const domain = section.text('subject-domain');
  const path = section.at('subject-domain');
  if (domain === undefined || !/^[A-Za-z0-9.-]{1,253}$/.test(domain))
    throw invalid(path, `${quote(domain)}: want a host without scheme, such as example.com`);
  at(path, () => assertAllowedDomain(domain, issuer.hostname));
  return domain;
}

function readCiProvider(
  section: Section,
  preset: Preset | undefined,
  issuer: IssuerAddress,
  metadata: MetadataByName,
): IdentityRules {
  const url = readServerUrl(section);
  const name = section.text('ci-provider');
  if (name === undefined && preset?.ciProvider !== undefined) {
    const defaultUrl = presetUrl(preset.ciProvider, section, issuer, url);
    const { ciProvider } = preset;
    return {
      type: 'ci-provider',
      ciProvider: ciProvider.name,
      metadata: presetMetadata(ciProvider, defaultUrl),
    };
  }
  const path = section.at('ci-provider');
  if (name === undefined) throw invalid(path, 'want a key of ci-issuer-metadata');
  const found = metadata.get(name);
  if (found === undefined) throw invalid(path, `ci-issuer-metadata has no entry ${quote(name)}`);
  const { subjectAlternativeName } = found;
  if (subjectAlternativeName === undefined)
    throw invalid(path, `ci-issuer-metadata entry ${quote(name)} has no subject-alternative-name-template`);
  const defaults = withUrl(found.defaults, url);
  return { type: 'ci-provider', ciProvider: name, metadata: { ...found, subjectAlternativeName, defaults } };
}

function readServerUrl(section: Section): string | undefined {
  const url = section.text('url');
  if (url !== undefined && parseWebUrl(url) === undefined)
    throw invalid(section.at('url'), `${quote(url)}: want a web address`);
  return url?.replace(/\/$/, '');
}

/** Nobody can tell the server of a pattern's issuers but the operator. */
function presetUrl(
  ciProvider: CiProviderPreset,
  section: Section,
  { issuerUrl }: IssuerAddress,
  url: string | undefined,
): string | undefined {
  if (issuerUrl === undefined && url === undefined && ciProvider.servesItself === true)
    throw invalid(section.at('url'), 'want the server the claims speak of, which a pattern does not tell');
  return serverUrl(ciProvider, issuerUrl ?? '', url);
}

function presetMetadata(
  { defaults, extensions, subjectAlternativeName }: CiProviderPreset,
  url: string | undefined,
): CiProviderMetadata {
  return {
    defaults: withUrl(new Map(Object.entries(defaults)), url),
    subjectAlternativeName: Template.parse(subjectAlternativeName),
    extensions: [...extensionTemplateKeys].flatMap(([key, field]) => {
      const source = extensions[key];
      return source === undefined ? [] : [{ field, template: Template.parse(source) }];
    }),
  };
}

function withUrl(
  defaults: ReadonlyMap<string, string>,
  url: string | undefined,
): ReadonlyMap<string, string> {
  return url === undefined ? defaults : new Map([...defaults, ['url', url]]);
}
