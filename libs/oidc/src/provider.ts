import { isJsonObject } from '@sigstead/encoding';
import { usableAlgorithms } from './algorithms.ts';
import { OidcError, quote } from './errors.ts';
import { fetchJson, type IssuerAccess, type IssuerFetch } from './fetch-json.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { KeySet } from './key-set.ts';
import { isLoopbackHttp, parseWebUrl } from './web-url.ts';

/** What an issuer publishes about itself: its keys and the algorithms it signs with. */
export interface Provider {
  readonly algorithms: ReadonlySet<string>;
  readonly keys: KeySet;
  /** The issuer's clock when it answered, to the second; absent for pinned keys. */
  readonly issuerTime?: Date | undefined;
}

export interface ProviderLimits {
  readonly fetch: IssuerFetch;
  /** For each of the two documents. */
  readonly timeoutMs: number;
}

const WELL_KNOWN = '/.well-known/openid-configuration';
const MAX_DISCOVERY_BYTES = 64 * 1024;
const MAX_KEYS_BYTES = 256 * 1024;

/** The provider of an issuer whose keys are pinned in the configuration. */
export function pinnedProvider(jwks: NonNullable<IssuerConfig['jwks']>): Provider {
  const keys = KeySet.parse(jwks);
  return { keys, algorithms: usableAlgorithms(keys.algorithms) };
}

/**
 * OpenID Connect Discovery section 4, then the key set it names.
 *
 * @throws OidcError DISCOVERY or JWKS
 */
export async function fetchProvider(config: IssuerConfig, limits: ProviderLimits): Promise<Provider> {
  const access = accessOf(config);
  const { json: document, issuerTime } = await fetchJson(discoveryAddress(config), 'DISCOVERY', access, {
    ...limits,
    maxBytes: MAX_DISCOVERY_BYTES,
  });
  if (!isJsonObject(document)) throw new OidcError('DISCOVERY', 'issuer discovery: want a JSON object');
  // Section 4.3: without this a redirecting or shared host could speak for another issuer.
  if (document['issuer'] !== config.issuerUrl) {
    throw new OidcError(
      'DISCOVERY',
      `issuer discovery: the document speaks for ${quote(document['issuer'])}, want ${quote(config.issuerUrl)}`,
      {
        claim: 'issuer',
      },
    );
  }
  const listed = document['id_token_signing_alg_values_supported'] ?? [];
  if (!Array.isArray(listed) || !listed.every((name) => typeof name === 'string')) {
    throw new OidcError(
      'DISCOVERY',
      'issuer discovery: id_token_signing_alg_values_supported is not a list of names',
    );
  }
  const address = keysAddress(document['jwks_uri'], config);
  const keySet = await fetchJson(address, 'JWKS', access, { ...limits, maxBytes: MAX_KEYS_BYTES });
  return { keys: KeySet.parse(keySet.json), algorithms: usableAlgorithms(listed), issuerTime };
}

function accessOf({ issuerUrl, caCertificates }: IssuerConfig): IssuerAccess {
  return { issuerUrl, ...(caCertificates === undefined ? {} : { caCertificates }) };
}

function discoveryAddress(config: IssuerConfig): URL {
  const base = (config.discoveryUrl ?? config.issuerUrl).replace(/\/$/, '');
  const address = new URL(base.endsWith(WELL_KNOWN) ? base : base + WELL_KNOWN);
  assertDialable(address, config, 'DISCOVERY');
  return address;
}

/**
 * Key sets may live on another host (Google's do); on the issuer's own origin `discoveryUrl` takes its place. An issuer
 * that nobody configured by name, only by a pattern, does not get to choose what else is dialled.
 */
function keysAddress(uri: unknown, config: IssuerConfig): URL {
  const address = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined;
  if (address === undefined)
    throw new OidcError('DISCOVERY', `issuer discovery: jwks_uri is ${quote(uri)}, want a URL`, {
      claim: 'jwks_uri',
    });
  if (config.issuerPattern !== undefined && address.origin !== new URL(config.issuerUrl).origin) {
    throw new OidcError(
      'DISCOVERY',
      `issuer discovery: jwks_uri is ${quote(uri)}, want one on ${quote(config.issuerUrl)} itself`,
      { claim: 'jwks_uri' },
    );
  }
  if (config.discoveryUrl !== undefined && address.origin === new URL(config.issuerUrl).origin) {
    const dialled = new URL(config.discoveryUrl);
    address.protocol = dialled.protocol;
    address.host = dialled.host;
    // Setting host without a port keeps the old one.
    address.port = dialled.port;
  }
  assertDialable(address, config, 'JWKS');
  return address;
}

/** https, or plain http where the configuration itself named it: a public issuer cannot point us at our own machine. */
function assertDialable(address: URL, config: IssuerConfig, code: 'DISCOVERY' | 'JWKS'): void {
  if (address.username !== '' || address.password !== '') {
    throw new OidcError(code, `issuer address at ${address.host} carries credentials`);
  }
  if (address.protocol === 'https:') return;
  const base = config.discoveryUrl ?? config.issuerUrl;
  const plain = parseWebUrl(`${address.origin}/`)?.protocol === 'http:';
  const loopback = isLoopbackHttp(base) && isLoopbackHttp(`${address.origin}/`);
  if (!plain || !(loopback || config.allowInsecureHttp === true)) {
    throw new OidcError(code, `issuer address at ${address.host || address.protocol} is not https`);
  }
}
