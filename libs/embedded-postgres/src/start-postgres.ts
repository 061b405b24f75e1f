import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresError } from './errors.ts';
import { claimDirectory, isAlive } from './owner.ts';
import { placeCluster, type Placement } from './placement.ts';

export interface PostgresOptions {
  /** Folder of the cluster: made and initialised on first use, kept afterwards. */
  readonly directory: string;
  /** TCP port on 127.0.0.1; 0 or absent takes a free one. */
  readonly port?: number;
  /** Server settings, `{ fsync: 'off' }`; every one is passed as `-c name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives up starting: what was begun is stopped before the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunningPostgres {
  /** Superuser connection to the database `postgres`, with its password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** 'fast' ends sessions and writes a checkpoint; 'immediate' stops as a crash would. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
/** How long each way of stopping a server is given before the next, ruder one. */
const STOP_PATIENCE_MS = 15_000;
const POLL_MS = 20;

/**
 * Starts a real PostgreSQL server from the npm package's binaries, initialising the folder on first use. A server
 * that an earlier, killed process left behind is stopped first. The server is a process group of its own: Ctrl-C in
 * the terminal reaches us and not it, so that we can drain before we stop it.
 *
 * @throws PostgresError IN_USE when another live process runs this folder, INITDB or START with the server's last words
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const placement = await placeCluster(options.directory);
  const release = await claimDirectory(options.directory);
  try {
    await stopLeftOver(placement.data);
    options.signal?.throwIfAborted();
    const password = await initialise(options.directory, placement, options.signal);
    const port = options.port ? options.port : await freePort();
    const server = await launch(options, placement, port);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      port,
      pid: server.pid as number,
      stop: async (mode) => {
        await stopServer(server, mode ?? 'fast');
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Password of the superuser, kept in the folder. initdb writes its version file long before it is through, so a marker
 * of ours says that it was: a crash before the marker leaves a half-made cluster that the next start makes anew.
 */
async function initialise(
  directory: string,
  placement: Placement,
  signal: AbortSignal | undefined,
): Promise<string> {
  const passwordFile = join(directory, 'superuser-password');
  const initialised = join(directory, 'initialised');
  if (await exists(initialised)) {
    for (const part of [passwordFile, placement.data]) {
      if (!(await exists(part)))
        throw new PostgresError(
          'START',
          `${part} is gone: put it back, or delete ${directory} with its database`,
        );
    }
    return (await readFile(passwordFile, 'utf8')).trim();
  }
  const password = randomBytes(24).toString('hex');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await rm(placement.data, { recursive: true, force: true });
  await mkdir(placement.data, { recursive: true, mode: 0o700 });
  const forInitdb = join(dirname(placement.data), 'initdb-password');
  await writeFile(forInitdb, `${password}\n`, { mode: 0o600 });
  if (placement.user !== undefined) {
    await chown(placement.data, placement.user.uid, placement.user.gid);
    await chown(forInitdb, placement.user.uid, placement.user.gid);
  }
  try {
    await runInitdb(placement, forInitdb, signal);
  } finally {
    await rm(forInitdb, { force: true });
  }
  await writeFile(initialised, '');
  return password;
}

async function runInitdb(
  placement: Placement,
  passwordFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const flags = [
    '-D',
    placement.data,
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  const initdb = spawn(join(placement.native, 'bin', 'initdb'), flags, {
    ...placement.user,
    cwd: dirname(placement.data),
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  initdb.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (complaint = (complaint + text).slice(-2000)));
  const stop = () => initdb.kill('SIGTERM');
  process.once('exit', stop);
  signal?.addEventListener('abort', stop, { once: true });
  const code = await exitCode(initdb);
  process.off('exit', stop);
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) throw new PostgresError('INITDB', `initdb ended with ${code}: ${complaint.trim()}`);
}

async function launch(options: PostgresOptions, placement: Placement, port: number): Promise<ChildProcess> {
  const logFile = join(options.directory, 'postgres.log');
  const log = await open(logFile, 'a', 0o600);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    log_timezone: 'UTC',
    ...options.settings,
  };
  const flags = ['-D', placement.data, '-p', String(port)];
  for (const [name, value] of Object.entries(settings)) flags.push('-c', `${name}=${value}`);
  const logStart = (await log.stat()).size;
  const server = spawn(join(placement.native, 'bin', 'postgres'), flags, {
    ...placement.user,
    cwd: dirname(placement.data),
    env: serverEnvironment(),
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  const ended = exitCode(server);
  await log.close();
  server.unref();
  // Should this process end without stop(), the server still shuts down in order.
  const onExit = () => server.kill('SIGINT');
  process.once('exit', onExit);
  void ended.then(() => process.off('exit', onExit));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(placement.data, server.pid))) {
    if (options.signal?.aborted === true) {
      await stopServer(server, 'fast');
      throw options.signal.reason;
    }
    if (
      server.exitCode !== null ||
      server.signalCode !== null ||
      server.pid === undefined ||
      Date.now() > deadline
    ) {
      server.kill('SIGQUIT');
      const lastWords = (await readFile(logFile)).subarray(logStart).toString('utf8').slice(-2000).trim();
      throw new PostgresError('START', `PostgreSQL did not start on port ${port}: ${lastWords}`);
    }
    await delay(POLL_MS);
  }
  return server;
}

async function stopServer(server: ChildProcess, mode: 'fast' | 'immediate'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.ref();
  const send = (signal: NodeJS.Signals) => void server.kill(signal);
  await insist(send, mode, () => server.exitCode !== null || server.signalCode !== null);
  await ended;
}

/** A server left by a killed process holds the folder: its pid file's first line names it, the second its folder. */
async function stopLeftOver(data: string): Promise<void> {
  const [line, folder] = (await readPidFile(data)) ?? [];
  const pid = Number(line);
  if (!Number.isSafeInteger(pid) || pid <= 1 || folder !== data || !(await isServerOf(pid, data))) return;
  const send = (signal: NodeJS.Signals) => {
    if (isAlive(pid)) process.kill(pid, signal);
  };
  const isGone = async () => !isAlive(pid) || (await readPidFile(data)) === undefined;
  if (await insist(send, 'fast', isGone)) return;
  throw new PostgresError('IN_USE', `PostgreSQL ${pid} of an earlier run does not stop`);
}

/**
 * Asks a server to stop, ever more rudely. One that was suspended has to be woken to hear it; the write-ahead log makes
 * even the last way safe for the data.
 *
 * @returns whether it is gone
 */
async function insist(
  send: (signal: NodeJS.Signals) => void,
  mode: 'fast' | 'immediate',
  isGone: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const ways: NodeJS.Signals[] = mode === 'fast' ? ['SIGINT', 'SIGQUIT', 'SIGKILL'] : ['SIGQUIT', 'SIGKILL'];
  for (const way of ways) {
    send(way);
    send('SIGCONT');
    for (const deadline = Date.now() + STOP_PATIENCE_MS; Date.now() < deadline; await delay(POLL_MS)) {
      if (await isGone()) return true;
    }
  }
  return isGone();
}

/** After a reboot or a long time the number may be another process's, which is none of our business. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || command.split('\0').includes(data);
}

/** The pid file's eighth line is `ready` once the server takes connections; a crash leaves the file of the server before. */
async function isReady(data: string, pid: number | undefined): Promise<boolean> {
  const lines = await readPidFile(data);
  return lines !== undefined && Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

async function readPidFile(data: string): Promise<string[] | undefined> {
  return readFile(join(data, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => undefined,
  );
}

/** Only what the server needs: no secret of our environment reaches another account's process. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function exitCode(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
