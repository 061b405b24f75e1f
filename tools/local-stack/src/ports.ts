import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Ports of one state folder, chosen once and kept: URLs in tokens, trust files and images must outlive a restart. */
export interface Ports {
  readonly http: number;
  readonly postgres: number;
}

export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

/**
 * @param wanted port for HTTP; 0 keeps the folder's own or picks a free one
 * @throws PortInUseError when a port that was asked for by number is taken
 */
export async function choosePorts(home: string, wanted: number): Promise<Ports> {
  const file = join(home, 'ports.json');
  const kept = await readKept(file);
  if (wanted !== 0 && !(await isFree(wanted))) {
    throw new PortInUseError(
      `port ${wanted} is in use: stop what listens there, or set PORT to another (0 picks a free one)`,
    );
  }
  const ports = {
    http: wanted !== 0 ? wanted : await keepOrPick(kept.picked),
    postgres: await keepOrPick(kept.postgres),
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

async function keepOrPick(kept: number | undefined): Promise<number> {
  return kept !== undefined && (await isFree(kept)) ? kept : pickFree();
}

async function isFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

async function pickFree(): Promise<number> {
  const port = await tryListen(0);
  if (port === undefined) throw new PortInUseError('no free port on the loopback interface');
  return port;
}

async function tryListen(port: number): Promise<number | undefined> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch {
    return undefined;
  }
  const chosen = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
  return chosen;
}
