import type { JsonValue } from '@sigstead/encoding';
import { TrustError } from './errors.ts';
import { MessageReader, parseDocument } from './message-reader.ts';
import { readValidity, writeValidity, type Validity } from './validity.ts';

export const SIGNING_CONFIG_MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';

/** One service instance. */
export interface Service {
  /** Base URL; for a timestamp authority the whole request URL. */
  readonly url: string;
  /** 1 or more. */
  readonly majorApiVersion: number;
  readonly validFor: Validity;
  readonly operator: string;
}

export const SELECTORS = ['ALL', 'ANY', 'EXACT'] as const;

/** How many instances a client must use. */
export interface ServiceConfiguration {
  readonly selector: (typeof SELECTORS)[number];
  /** With EXACT: 1 or more. */
  readonly count?: number;
}

/** Where a client signs (sigstore_trustroot.proto, SigningConfig v0.2), services newest first. */
export interface SigningConfig {
  readonly caUrls: readonly Service[];
  readonly oidcUrls: readonly Service[];
  readonly rekorTlogUrls: readonly Service[];
  readonly rekorTlogConfig?: ServiceConfiguration;
  readonly tsaUrls: readonly Service[];
  readonly tsaConfig?: ServiceConfiguration;
}

/**
 * Parses a signing config v0.2. Unknown fields are refused, as for a trusted root.
 *
 * @param json at most 4 MiB
 * @throws TrustError
 */
export function parseSigningConfig(json: Uint8Array | string): SigningConfig {
  return readSigningConfig(parseDocument(json), '');
}

/** JSON of v0.2, indented by two, with a final line feed. Parsing it gives the same signing config. */
export function serializeSigningConfig(config: SigningConfig): string {
  return `${JSON.stringify(writeSigningConfig(config), null, 2)}\n`;
}

/** @throws TrustError */
export function readSigningConfig(value: JsonValue, path: string): SigningConfig {
  const message = new MessageReader(value, path, [
    'mediaType',
    'caUrls',
    'oidcUrls',
    'rekorTlogUrls',
    'rekorTlogConfig',
    'tsaUrls',
    'tsaConfig',
  ]);
  message.assertMediaType(SIGNING_CONFIG_MEDIA_TYPE);
  const rekorTlogConfig = readServiceConfiguration(message, 'rekorTlogConfig');
  const tsaConfig = readServiceConfiguration(message, 'tsaConfig');
  return {
    caUrls: message.list('caUrls', readService),
    oidcUrls: message.list('oidcUrls', readService),
    rekorTlogUrls: message.list('rekorTlogUrls', readService),
    ...(rekorTlogConfig && { rekorTlogConfig }),
    tsaUrls: message.list('tsaUrls', readService),
    ...(tsaConfig && { tsaConfig }),
  };
}

export function writeSigningConfig(config: SigningConfig): JsonValue {
  const { rekorTlogConfig, tsaConfig } = config;
  return {
    mediaType: SIGNING_CONFIG_MEDIA_TYPE,
    caUrls: config.caUrls.map(writeService),
    oidcUrls: config.oidcUrls.map(writeService),
    rekorTlogUrls: config.rekorTlogUrls.map(writeService),
    tsaUrls: config.tsaUrls.map(writeService),
    ...(rekorTlogConfig && { rekorTlogConfig: { ...rekorTlogConfig } }),
    ...(tsaConfig && { tsaConfig: { ...tsaConfig } }),
  };
}

function readService(value: JsonValue, path: string): Service {
  const message = new MessageReader(value, path, ['url', 'majorApiVersion', 'validFor', 'operator']);
  const url = message.string('url');
  if (!isHttpUrl(url))
    throw new TrustError('FIELD', 'is not an http or https URL', { path: message.at('url') });
  const majorApiVersion = message.uint32('majorApiVersion');
  if (majorApiVersion === 0)
    throw new TrustError('FIELD', 'want 1 or more', { path: message.at('majorApiVersion') });
  return { url, majorApiVersion, validFor: readValidity(message), operator: message.string('operator') };
}

function writeService({ url, majorApiVersion, validFor, operator }: Service): JsonValue {
  return {
    url,
    majorApiVersion,
    validFor: { ...writeValidity(validFor) },
    ...(operator !== '' && { operator }),
  };
}

function readServiceConfiguration(parent: MessageReader, name: string): ServiceConfiguration | undefined {
  const message = parent.optionalMessage(name, ['selector', 'count']);
  if (message === undefined) return undefined;
  const value = message.enum('selector');
  // Numbers of the enum start at 1: 0 is SERVICE_SELECTOR_UNDEFINED.
  const selector = SELECTORS.find((candidate, i) => candidate === value || i + 1 === value);
  if (selector === undefined) {
    throw new TrustError('FIELD', `want one of ${SELECTORS.join(', ')}`, { path: message.at('selector') });
  }
  const count = message.uint32('count');
  if (selector === 'EXACT' && count === 0) {
    throw new TrustError('FIELD', 'EXACT wants a count of 1 or more', { path: message.at('count') });
  }
  return { selector, ...(count !== 0 && { count }) };
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
