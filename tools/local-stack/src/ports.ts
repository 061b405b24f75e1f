import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Ports of one state folder, chosen once and kept: URLs in tokens, trust files and images must outlive a restart. */
export interface Ports {
  readonly http: number;
  readonly postgres: number;
}

const LOOPBACK = '127.0.0.1';

export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

/**
 * @param wanted port for HTTP; 0 keeps the folder's own or picks a free one
 * @param addresses to be listened on for HTTP
 * @throws PortInUseError when a port that was asked for by number is taken
 */
export async function choosePorts(
  home: string,
  wanted: number,
  addresses: readonly string[] = [LOOPBACK],
): Promise<Ports> {
  const file = join(home, 'ports.json');
  const kept = await readKept(file);
  if (wanted !== 0 && !(await isFree(wanted, addresses))) {
    throw new PortInUseError(
      `port ${wanted} is in use: stop what listens there, or set PORT to another (0 picks a free one)`,
    );
  }
  const ports = {
    http: wanted !== 0 ? wanted : await keepOrPick(kept.picked, addresses),
    postgres: await keepOrPick(kept.postgres, [LOOPBACK]),
  };
  // The picked port is remembered apart: a run with PORT=8080 in between does not lose it.
  const record = { ...kept, postgres: ports.postgres, ...(wanted === 0 ? { picked: ports.http } : {}) };
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
  return ports;
}

interface Kept {
  readonly picked?: number;
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
    return { ...port('picked'), ...port('postgres') };
  } catch {
    return {};
  }
}

async function keepOrPick(kept: number | undefined, addresses: readonly string[]): Promise<number> {
  return kept !== undefined && (await isFree(kept, addresses)) ? kept : pickFree(addresses);
}

/** Free on every address that exists here. */
async function isFree(port: number, addresses: readonly string[]): Promise<boolean> {
  for (const address of addresses) {
    if ((await tryListen(port, address)) === 'in use') return false;
  }
  return true;
}

async function pickFree(addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = await tryListen(0, LOOPBACK);
    if (typeof port === 'number' && (await isFree(port, addresses))) return port;
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
