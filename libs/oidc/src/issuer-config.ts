import { EncodingError, parseJson } from '@sigstead/encoding';
import { z } from 'zod';
import { OidcError } from './errors.ts';
import { isLoopbackHttp, parseWebUrl } from './web-url.ts';

const webUrl = z
  .string()
  .max(1024)
  .refine(
    (text) => parseWebUrl(text) !== undefined,
    'want an http or https URL without credentials, query and fragment',
  );
const common = {
  /** Must equal the token's `iss` and the `issuer` of the discovery document, character for character. */
  issuerUrl: webUrl,
  /** What `aud` must be or contain. */
  clientId: z.string().min(1).max(256),
  /** Where discovery is dialled when not at the issuer's own address; the issuer's origin is then dialled there too. */
  discoveryUrl: webUrl.optional(),
  /** A pinned key set (RFC 7517): nothing is ever fetched for this issuer. */
  jwks: z.record(z.string(), z.json()).optional(),
  /** Unsafe outside a trusted network: plain http to any host. Plain http to loopback needs no permission. */
  allowInsecureHttp: z.boolean().optional(),
};

const githubWorkflow = z.strictObject({
  ...common,
  type: z.literal('ci-provider'),
  ciProvider: z.literal('github-workflow'),
  /** Fulcio's template value `url`: the server whose repositories the claims speak of; https://github.com unless told. */
  providerUrl: webUrl.optional(),
});

const email = z.strictObject({ ...common, type: z.literal('email') });

const issuerConfig = z.discriminatedUnion('type', [githubWorkflow, email]).superRefine((config, context) => {
  for (const key of ['issuerUrl', 'discoveryUrl'] as const) {
    const url = config[key];
    if (url?.startsWith('http:') && !isLoopbackHttp(url) && config.allowInsecureHttp !== true) {
      context.addIssue({
        code: 'custom',
        path: [key],
        message: 'plain http to another host needs allowInsecureHttp',
      });
    }
  }
});

export type IssuerConfig = Readonly<z.infer<typeof issuerConfig>>;
export type GithubWorkflowIssuer = Extract<IssuerConfig, { ciProvider: 'github-workflow' }>;
export type EmailIssuer = Extract<IssuerConfig, { type: 'email' }>;

const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * A JSON list of issuer configurations; unknown fields, doubled issuers and insecure addresses are refused.
 *
 * @throws OidcError CONFIG with the path of the bad value
 */
export function parseIssuerConfigs(json: Uint8Array | string): IssuerConfig[] {
  const result = z.array(issuerConfig).min(1).safeParse(parseConfigJson(json));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new OidcError(
      'CONFIG',
      `issuer configuration at ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'malformed'}`,
    );
  }
  const seen = new Set<string>();
  for (const { issuerUrl } of result.data) {
    if (seen.has(issuerUrl)) throw new OidcError('CONFIG', `issuer ${issuerUrl} is configured twice`);
    seen.add(issuerUrl);
  }
  return result.data;
}

function parseConfigJson(json: Uint8Array | string): unknown {
  try {
    return parseJson(json, { maxBytes: MAX_CONFIG_BYTES });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new OidcError('CONFIG', `issuer configuration: ${cause.message}`, { cause });
  }
}
