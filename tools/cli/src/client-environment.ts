import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CliError } from './cli-error.ts';
import { requestDevelopmentToken } from './identity/development-token.ts';

export interface EnvOptions {
  readonly legacy?: boolean;
  readonly rekorV2?: boolean;
  readonly home: string;
}

/** Prints the variables that point clients at the stack. */
export async function printEnvironment(options: EnvOptions, url: string): Promise<void> {
  const signingConfig = options.rekorV2 ? 'signing_config_rekor_v2.v0.2.json' : 'signing_config.v0.2.json';
  const trust = resolve(options.home, 'trust');
  await access(join(trust, 'trusted_root.json')).catch((cause: unknown) => {
    throw new CliError(
      `no trust files in ${trust}: start the stack there first, or name its folder with --home`,
      1,
      {
        cause,
      },
    );
  });
  const variables = options.legacy
    ? {
        SIGSTORE_ROOT_FILE: join(trust, 'fulcio_v1.crt.pem'),
        SIGSTORE_REKOR_PUBLIC_KEY: join(trust, 'rekor.pub'),
        SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: join(trust, 'ctfe.pub'),
      }
    : {
        SIGSTEAD_URL: url,
        SIGSTEAD_TRUSTED_ROOT: join(trust, 'trusted_root.json'),
        SIGSTEAD_SIGNING_CONFIG: join(trust, signingConfig),
        SIGSTORE_ID_TOKEN: await requestDevelopmentToken(url, 'github', {}),
      };
  for (const [name, value] of Object.entries(variables))
    process.stdout.write(`export ${name}=${quote(value)}\n`);
}

/** A single shell word, whatever the value holds. */
function quote(value: string): string {
  return /^[A-Za-z0-9_./:@=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
