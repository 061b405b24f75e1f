import { X509Certificate } from 'node:crypto';
import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { quote } from '../errors.ts';
import type { IssuerConfig, IssuerTrust, MetaIssuerConfig } from '../issuer-config.ts';
import type { Preset } from '../presets/preset.ts';
import { presetNames, presets } from '../presets/presets.ts';
import { isLoopbackHttp, parseWebUrl } from '../web-url.ts';
import { patternAddress } from './pattern-address.ts';
import { readIdentity, type IssuerAddress } from './read-identity.ts';
import type { MetadataByName } from './read-ci-metadata.ts';
import { fromJson, toJson } from './read-json.ts';
import { at, invalid, Section, type SectionContext } from './section.ts';
import type { Value } from './value.ts';

/** Fulcio's keys of an issuer, then ours. */
const KEYS = [
  'issuer-url',
  'client-id',
  'type',
  'ci-provider',
  'issuer-claim',
  'subject-domain',
  'spiffe-trust-domain',
  'challenge-claim',
  'description',
  'contact',
  'environment',
  'ca-cert',
  'skip-email-verification',
  'discovery-url',
  'jwks',
  'allow-insecure-http',
  'preset',
  'url',
];
const MAX_URL_LENGTH = 1024;
const MAX_JWKS_BYTES = 256 * 1024;
const MAX_CA_CERTIFICATES = 100;
const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * One entry of `oidc-issuers`. Its key is the issuer; Fulcio finds out at the first token when `issuer-url` says
 * something else.
 *
 * @throws OidcError CONFIG
 */
export function readIssuer(
  key: string,
  value: Value,
  path: string,
  context: SectionContext,
  metadata: MetadataByName,
): IssuerConfig {
  const section = new Section(value, KEYS, path, context);
  const issuerUrl = section.text('issuer-url') ?? key;
  if (issuerUrl !== key)
    throw invalid(section.at('issuer-url'), `${quote(issuerUrl)} differs from the key ${quote(key)}`);
  const allowInsecureHttp = section.flag('allow-insecure-http');
  assertDialable(issuerUrl, section.at('issuer-url'), allowInsecureHttp);
  const discoveryUrl = section.text('discovery-url');
  if (discoveryUrl !== undefined)
    assertDialable(discoveryUrl, section.at('discovery-url'), allowInsecureHttp);
  const jwks = readKeySet(section);
  return {
    issuerUrl,
    ...readTrust(section, allowInsecureHttp),
    ...(discoveryUrl === undefined ? {} : { discoveryUrl }),
    ...(jwks === undefined ? {} : { jwks }),
    ...readIdentity(section, readPreset(section), issuerAddress(issuerUrl), metadata),
  };
}

/**
 * One entry of `meta-issuers`: its key is the pattern. Nothing about addresses and keys can be set, which are those of
 * whichever issuer matches.
 *
 * @throws OidcError CONFIG
 */
export function readMetaIssuer(
  pattern: string,
  value: Value,
  path: string,
  context: SectionContext,
  metadata: MetadataByName,
): MetaIssuerConfig {
  const section = new Section(value, KEYS, path, context);
  for (const name of ['discovery-url', 'jwks'])
    if (section.value(name) !== undefined) throw invalid(section.at(name), 'not for a meta issuer');
  const address = at(path, () => patternAddress(pattern));
  const allowInsecureHttp = section.flag('allow-insecure-http');
  assertDialable(pattern.replaceAll('*', 'x'), path, allowInsecureHttp);
  const identity = readIdentity(section, readPreset(section), address, metadata);
  if (identity.type === 'spiffe')
    throw invalid(
      section.at('type'),
      'spiffe issuers are configured one by one: a trust domain has one issuer',
    );
  return { issuerPattern: pattern, ...readTrust(section, allowInsecureHttp), ...identity };
}

function issuerAddress(issuerUrl: string): IssuerAddress {
  const { protocol, hostname } = new URL(issuerUrl);
  return { protocol, hostname, issuerUrl };
}

type Trust = Omit<IssuerTrust, 'issuerUrl' | 'discoveryUrl' | 'jwks' | 'issuerPattern'>;

function readTrust(section: Section, allowInsecureHttp: boolean): Trust {
  const clientId = section.text('client-id');
  if (clientId === undefined) throw invalid(section.at('client-id'), 'want the audience of the tokens');
  const optional = {
    challengeClaim: section.text('challenge-claim'),
    caCertificates: readCertificates(section),
    contact: section.text('contact'),
    description: section.text('description'),
  };
  return {
    clientId,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as {
      readonly [Name in keyof typeof optional]?: string;
    }),
    ...(allowInsecureHttp ? { allowInsecureHttp } : {}),
  };
}

function assertDialable(url: string, path: string, allowInsecureHttp: boolean): void {
  if (url.length > MAX_URL_LENGTH || parseWebUrl(url) === undefined)
    throw invalid(path, `${quote(url)}: want an http or https URL without credentials, query and fragment`);
  if (parseWebUrl(url)?.protocol === 'http:' && !isLoopbackHttp(url) && !allowInsecureHttp)
    throw invalid(path, 'plain http to another host needs allow-insecure-http');
}

function readPreset(section: Section): Preset | undefined {
  const name = section.text('preset');
  if (name === undefined) return undefined;
  const known = presetNames.find((preset) => preset === name);
  if (known === undefined)
    throw invalid(
      section.at('preset'),
      `there is no preset ${quote(name)}, want one of ${presetNames.join(', ')}`,
    );
  return presets[known];
}

/** The certificates of a bundle, without what people write between them. */
function readCertificates(section: Section): string | undefined {
  const bundle = section.text('ca-cert');
  if (bundle === undefined) return undefined;
  const blocks = bundle.match(CERTIFICATE_BLOCK) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CA_CERTIFICATES || !blocks.every(isCertificate))
    throw invalid(section.at('ca-cert'), `want 1 to ${MAX_CA_CERTIFICATES} certificates in PEM`);
  return blocks.map((block) => `${block}\n`).join('');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** A mapping, or the JSON text of one. */
function readKeySet(section: Section): JsonObject | undefined {
  const value = section.value('jwks');
  if (value === undefined) return undefined;
  const json = typeof value === 'string' ? at(section.at('jwks'), () => parseKeySet(value)) : toJson(value);
  if (!isJsonObject(json)) throw invalid(section.at('jwks'), 'want a mapping or its JSON text');
  return json;
}

function parseKeySet(text: string): ReturnType<typeof toJson> {
  try {
    return toJson(fromJson(parseJson(text, { maxBytes: MAX_JWKS_BYTES })));
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw invalid('jwks', cause.message, cause);
  }
}
