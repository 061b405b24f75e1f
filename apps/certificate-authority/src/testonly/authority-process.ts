import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CertificateAuthorityConfig } from '../config.ts';
import type { AuthorityFiles } from '../issuing-authority.ts';

export type ConfigOfFiles = CertificateAuthorityConfig & { readonly authority: AuthorityFiles };

/** The service in a process of its own, started as operators start it. */
export interface AuthorityProcess {
  readonly url: string;
  /** `kill -9`. */
  kill(): Promise<void>;
}

const LOADER = new URL('../../../../tools/typescript-loader.mjs', import.meta.url).href;

export async function startAuthorityProcess(config: ConfigOfFiles): Promise<AuthorityProcess> {
  const child = spawn(
    process.execPath,
    ['--conditions=@sigstead/source', '--import', LOADER, join(import.meta.dirname, '../main.ts')],
    {
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        GRPC_PORT: '0',
        CA_KEY_FILE: config.authority.keyFile,
        CA_PASSPHRASE_FILE: config.authority.passphraseFile,
        CA_CHAIN_FILE: config.authority.chainFile,
        CT_LOG_URL: config.ctLogUrl,
        CT_PUBLIC_KEY_FILE: config.ctPublicKeyFile,
        ISSUERS_FILE: config.issuersFile,
        DATABASE_URL: config.databaseUrl,
        REVOCATION_KEY_FILE: config.revocationKeyFile,
        REVOCATION_PASSPHRASE_FILE: config.revocationPassphraseFile,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const said: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    const url = /"message":"listening","url":"(http:[^"]+)"/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return { url, kill };
  }
  throw new Error(`the authority ended before it listened:\n${said.join('\n')}`);
}
