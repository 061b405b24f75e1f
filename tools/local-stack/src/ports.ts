import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Ports of one state folder, chosen once and kept: URLs in tokens, trust files and images must outlive a restart. */
export interface Ports {
  readonly http: number;
  readonly tls: number;
  readonly postgres: number;
}

/** Ports asked for; 0 keeps the folder's own or picks a free one. */
export interface WantedPorts {
  readonly http: number;
  /** Unless told: 8443 when it is free, and like 0 when it is not or when `http` is 0. */
  readonly tls?: number | undefined;
}

const DEFAULT_TLS_PORT = 8443;

const LOOPBACK = '127.0.0.1';

export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

/**
 * @param addresses to be listened on for HTTP and TLS
 * @throws PortInUseError when a port that was asked for by number is taken
 */
export async function choosePorts(
  home: string,
  wanted: WantedPorts,
  addresses: readonly string[] = [LOOPBACK],
): Promise<Ports> {
  const file = join(home, 'ports.json');
  const kept = await readKept(file);
  const wantedTls = wanted.tls ?? (await defaultTls(wanted.http, addresses));
  await assertFree('PORT', wanted.http, addresses);
  await assertFree('TLS_PORT', wantedTls, addresses);
  if (wanted.http !== 0 && wanted.http === wantedTls)
    throw new PortInUseError(`PORT and TLS_PORT are both ${wantedTls}, want two`);
  const http = wanted.http !== 0 ? wanted.http : await keepOrPick(kept.picked, addresses, [wantedTls]);
  const tls = wantedTls !== 0 ? wantedTls : await keepOrPick(kept.tls, addresses, [http]);
  const postgres = await keepOrPick(kept.postgres, [LOOPBACK], [http, tls]);
  // Picked ports are remembered apart: a run with PORT=8080 in between does not lose them.
  const record = {
    ...kept,
    postgres,
    ...(wanted.http === 0 ? { picked: http } : {}),
    ...(wantedTls === 0 ? { tls } : {}),
  };
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
  return { http, tls, postgres };
}

/** TLS is not what most runs are for: somebody else on its usual port keeps no stack from starting. */
async function defaultTls(http: number, addresses: readonly string[]): Promise<number> {
  const isUsable = http !== 0 && http !== DEFAULT_TLS_PORT && (await isFree(DEFAULT_TLS_PORT, addresses));
  return isUsable ? DEFAULT_TLS_PORT : 0;
}

async function assertFree(name: string, port: number, addresses: readonly string[]): Promise<void> {
  if (port === 0 || (await isFree(port, addresses))) return;
  throw new PortInUseError(
    `port ${port} is in use: stop what listens there, or set ${name} to another (0 picks a free one)`,
  );
}

interface Kept {
  readonly picked?: number;
  readonly tls?: number;
  readonly postgres?: number;
}

async function readKept(file: string): Promise<Kept> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const port = (name: string) => {
      const found = value[name];
      return typeof found === 'number' && Number.isInteger(found) && found > 0 && found < 65536
        ? { [name]: found }
        : {};
    };
    return { ...port('picked'), ...port('tls'), ...port('postgres') };
  } catch {
    return {};
  }
}

/** @param others ports that are spoken for, though nobody listens yet */
async function keepOrPick(
  kept: number | undefined,
  addresses: readonly string[],
  others: readonly number[],
): Promise<number> {
  const isKept = kept !== undefined && !others.includes(kept) && (await isFree(kept, addresses));
  return isKept ? kept : pickFree(addresses, others);
}

/** Free on every address that exists here. */
async function isFree(port: number, addresses: readonly string[]): Promise<boolean> {
  for (const address of addresses) {
    if ((await tryListen(port, address)) === 'in use') return false;
  }
  return true;
}

async function pickFree(addresses: readonly string[], others: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = await tryListen(0, LOOPBACK);
    if (typeof port === 'number' && !others.includes(port) && (await isFree(port, addresses))) return port;
  }
  throw new PortInUseError('no free port on the loopback interface');
}

/** The port, or why not. An address this machine does not have is told by whoever listens on it in earnest. */
async function tryListen(port: number, address: string): Promise<number | 'in use' | 'unusable'> {
  const probe = createServer();
  try {
    probe.listen(port, address);
    await once(probe, 'listening');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // A port one may not have (EACCES) is another matter, told by whoever listens in earnest.
    return code === 'EADDRINUSE' ? 'in use' : 'unusable';
  }
  const chosen = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
  return chosen;
}
