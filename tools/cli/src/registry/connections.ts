import type { Fetch } from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';
import { readGivenFile } from '../read-given-file.ts';
import type { RegistryOptions } from './options.ts';

export interface Connections {
  readonly fetch: Fetch;
  close(): void;
}

const MAX_PEM_BYTES = 1024 * 1024;

/** Connections to registries; with a trust of their own where options say so. @throws CliError */
export async function openConnections(options: RegistryOptions): Promise<Connections> {
  const tls = await tlsOptions(options);
  if (tls === undefined) return { fetch: (url, init) => fetch(url, init), close: () => undefined };
  const [{ dial }, http, https] = await Promise.all([
    import('@sigstead/dial'),
    import('node:http'),
    import('node:https'),
  ]);
  const agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true, ...tls }),
  };
  return {
    fetch: (url, init) => dial(url, init, { agents }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface TlsOptions {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

async function tlsOptions({
  allowInsecureRegistry,
  registryCacert,
  registryClientCert,
  registryClientKey,
  registryServerName,
}: RegistryOptions): Promise<TlsOptions | undefined> {
  if ((registryClientCert === undefined) !== (registryClientKey === undefined))
    throw new CliError('--registry-client-cert and --registry-client-key go together', exitCodes.usage);
  const ca = await pemText('--registry-cacert', registryCacert);
  const cert = await pemText('--registry-client-cert', registryClientCert);
  const key = await pemText('--registry-client-key', registryClientKey);
  const tls = {
    ...(allowInsecureRegistry === true && { rejectUnauthorized: false }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(registryServerName !== undefined && { servername: registryServerName }),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}

async function pemText(option: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = new TextDecoder().decode(await readGivenFile(path, option, MAX_PEM_BYTES));
  if (text.includes('-----BEGIN ')) return text;
  throw new CliError(`${option} ${JSON.stringify(path)}: there is no PEM in it`, exitCodes.usage);
}
