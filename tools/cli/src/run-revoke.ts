import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from './cli-error.ts';

/** The operator's command of the certificate authority, a program of its own: it speaks to the database. */
const PROGRAM = fileURLToPath(
  new URL('../../../apps/certificate-authority/dist/revoke-main.js', import.meta.url),
);

/** Hands the arguments on as they are. The exit code becomes that of this process. */
export async function runRevoke(args: readonly string[]): Promise<void> {
  const environment = await revokerEnvironment(process.env);
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'inherit', env: environment });
  const [code] = (await once(child, 'close')) as [number | null];
  process.exitCode = code ?? 1;
}

/** REVOCATION_DATABASE_URL as it is set, else the database of the stack on this machine. */
async function revokerEnvironment(environment: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (environment['REVOCATION_DATABASE_URL']) return environment;
  const home = resolve(environment['SIGSTEAD_HOME'] || '.sigstead');
  const passwordFile = join(home, 'postgres', 'revoker-password');
  try {
    await access(passwordFile);
    const { postgres } = JSON.parse(await readFile(join(home, 'ports.json'), 'utf8')) as { postgres: number };
    return {
      ...environment,
      REVOCATION_DATABASE_URL: `postgres://sigstead_revoker@127.0.0.1:${postgres}/sigstead`,
      REVOCATION_DATABASE_PASSWORD_FILE: passwordFile,
    };
  } catch (cause) {
    throw new CliError(
      `no stack has run in ${home}: set SIGSTEAD_HOME to its folder, or REVOCATION_DATABASE_URL to the database`,
      1,
      { cause },
    );
  }
}
