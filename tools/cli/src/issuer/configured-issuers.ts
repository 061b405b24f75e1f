import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { OidcError, parseIssuerConfiguration, type IssuerConfiguration } from '@sigstead/oidc';
import { CliError, exitCodes } from '../cli-error.ts';
import { callService, reasonIn } from '../service-call.ts';

/** The issuers to judge by, and where they come from. */
export interface ConfiguredIssuers {
  readonly configuration: IssuerConfiguration;
  /** Path of the file, or URL of the certificate authority. */
  readonly source: string;
  /** The certificate authority does not tell its templates: identities of `ci-provider` issuers cannot be judged. */
  readonly withoutTemplates: boolean;
}

export interface WhereToLook {
  /** `--config` */
  readonly config: string | undefined;
  /** Folder of a stack on this machine; not looked at when the caller named a stack by its URL. */
  readonly home: string | undefined;
  readonly baseUrl: string;
}

/**
 * The issuers of the file named, else of the stack's own file on this machine, else those the certificate authority
 * publishes.
 *
 * @throws CliError with the exit code for wrong usage when a file cannot be used
 */
export async function configuredIssuers({ config, home, baseUrl }: WhereToLook): Promise<ConfiguredIssuers> {
  if (config !== undefined) return readConfiguration(config);
  const own = home === undefined ? undefined : join(home, 'certificate-authority', 'issuers.yaml');
  if (own !== undefined && (await isThere(own))) return readConfiguration(own);
  return fetchConfiguration(baseUrl);
}

const MAX_FILE_BYTES = 1024 * 1024;

async function readConfiguration(path: string): Promise<ConfiguredIssuers> {
  const source = await readBounded(path);
  try {
    return { configuration: parseIssuerConfiguration(source), source: path, withoutTemplates: false };
  } catch (cause) {
    if (!(cause instanceof OidcError)) throw cause;
    throw new CliError(`${path}: ${cause.message}`, exitCodes.usage, { cause });
  }
}

/** At most what a configuration may have, and a byte more: the path may be a slip. */
async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(MAX_FILE_BYTES + 1));
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new CliError(`the issuer configuration ${path} cannot be read`, exitCodes.usage, { cause });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function fetchConfiguration(baseUrl: string): Promise<ConfiguredIssuers> {
  const url = `${baseUrl}/api/v2/configuration`;
  const answer = await callService(url);
  const issuers = answer.json?.['issuers'];
  if (answer.status !== 200 || !Array.isArray(issuers))
    throw new CliError(`${url} tells no issuers: ${reasonIn(answer)}`);
  try {
    const configuration = parseIssuerConfiguration(JSON.stringify(toFile(issuers.filter(isJsonObject))));
    return { configuration, source: url, withoutTemplates: true };
  } catch (cause) {
    if (!(cause instanceof OidcError)) throw cause;
    throw new CliError(`${url}: ${cause.message}`, exitCodes.failed, { cause });
  }
}

const UNKNOWN_TEMPLATES = 'unknown';

/** What `OIDCIssuer` of Fulcio's API tells, as the file that would make it. */
function toFile(issuers: readonly JsonObject[]): JsonObject {
  const entries = (key: 'issuerUrl' | 'wildcardIssuerUrl'): JsonObject =>
    Object.fromEntries(
      issuers.flatMap((issuer): [string, JsonValue][] => {
        const url = issuer[key];
        return typeof url === 'string' && url !== '' ? [[url, toEntry(issuer, url)]] : [];
      }),
    );
  return {
    'oidc-issuers': entries('issuerUrl'),
    'meta-issuers': entries('wildcardIssuerUrl'),
    'ci-issuer-metadata': { [UNKNOWN_TEMPLATES]: { 'subject-alternative-name-template': 'sub' } },
  };
}

function toEntry(issuer: JsonObject, url: string): JsonObject {
  const type = issuer['issuerType'];
  const entry: Record<string, JsonValue | undefined> = {
    'client-id': issuer['audience'],
    type,
    'challenge-claim': issuer['challengeClaim'] || undefined,
    'spiffe-trust-domain': issuer['spiffeTrustDomain'] || undefined,
    'subject-domain': issuer['subjectDomain'] || undefined,
    'skip-email-verification': issuer['skipEmailVerification'] || undefined,
    'ci-provider': type === 'ci-provider' ? UNKNOWN_TEMPLATES : undefined,
    // What the authority was allowed to do, it does.
    'allow-insecure-http': url.startsWith('http:') || undefined,
  };
  return Object.fromEntries(
    Object.entries(entry).filter((pair): pair is [string, JsonValue] => pair[1] !== undefined),
  );
}
