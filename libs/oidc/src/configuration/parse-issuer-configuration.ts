import { decodeUtf8, EncodingError, parseJson } from '@sigstead/encoding';
import { OidcError } from '../errors.ts';
import type { IssuerConfiguration } from '../issuer-config.ts';
import { readCiMetadata } from './read-ci-metadata.ts';
import { readIssuer, readMetaIssuer } from './read-issuer.ts';
import { fromJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import { invalid, Section, type SectionContext, type Spelling } from './section.ts';
import type { Value } from './value.ts';

const MAX_CONFIGURATION_BYTES = 1024 * 1024;
const KEYS = ['oidc-issuers', 'meta-issuers', 'ci-issuer-metadata'];

/**
 * Fulcio's configuration file, in YAML or JSON. Beyond Fulcio an issuer may have `discovery-url`, `jwks` (pinned keys: a
 * mapping or its JSON text), `allow-insecure-http`, `preset` and `url` (the server whose repositories the claims speak
 * of). A file without any issuer is refused.
 *
 * @param source at most 1 MiB of UTF-8
 * @throws OidcError CONFIG with the path of the bad value
 */
export function parseIssuerConfiguration(source: Uint8Array | string): IssuerConfiguration {
  const { value, spelling } = readFile(source);
  const context: SectionContext = { spelling, ignored: [] };
  const file = new Section(value, KEYS, '', context);
  const metadata = new Map(
    file
      .entries('ci-issuer-metadata')
      .map(([key, entry, path]) => [key, readCiMetadata(entry, path, context)]),
  );
  const issuers = file
    .entries('oidc-issuers')
    .map(([key, entry, path]) => readIssuer(key, entry, path, context, metadata));
  const metaIssuers = file
    .entries('meta-issuers')
    .map(([key, entry, path]) => readMetaIssuer(key, entry, path, context, metadata));
  if (issuers.length + metaIssuers.length === 0) throw invalid('oidc-issuers', 'want one issuer at least');
  return { issuers, metaIssuers, ignored: context.ignored };
}

/** What parses as JSON is JSON, whatever the file is called; all else is YAML, as in Fulcio. */
function readFile(source: Uint8Array | string): { readonly value: Value; readonly spelling: Spelling } {
  const text = decode(source);
  try {
    return { value: fromJson(parseJson(text, { maxBytes: MAX_CONFIGURATION_BYTES })), spelling: 'json' };
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    return { value: readYaml(text), spelling: 'yaml' };
  }
}

function decode(source: Uint8Array | string): string {
  if (source.length > MAX_CONFIGURATION_BYTES)
    throw invalid('', `${source.length} bytes, at most ${MAX_CONFIGURATION_BYTES} are taken`);
  try {
    return typeof source === 'string' ? source : decodeUtf8(source);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OidcError('CONFIG', `issuer configuration: ${cause.message}`, { cause });
  }
}
