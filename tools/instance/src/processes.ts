import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const ROOT = resolve(import.meta.dirname, '../../..');
const NO_HOME = '/nonexistent';

/** Variables of ours must not reach the processes under test, nor must the stack that lies in the workspace. */
function cleanEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(NODE_OPTIONS|SIGST|JEST|NX_|PORT$|HOST$|npm_)/.test(name),
    ),
  );
  return { ...kept, SIGSTEAD_HOME: NO_HOME, ...extra };
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command from the workspace root to its end. */
export async function run(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = start(command, environment);
  const [code, signal] = (await once(child.process, 'close')) as [number | null, NodeJS.Signals | null];
  return { code: code ?? (signal === null ? -1 : 128), stdout: child.stdout(), stderr: child.stderr() };
}

export interface Started {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the first stdout text that matches; rejects when the process ends before. */
  printed(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export function start(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): Started {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close');
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    printed: (pattern, timeoutMs = 60_000) =>
      new Promise((resolve, reject) => {
        const fail = (why: string) => {
          cleanUp();
          reject(new Error(`${command.join(' ')} ${why} before printing ${pattern}:\n${stdout}\n${stderr}`));
        };
        const look = () => {
          if (!pattern.test(stdout)) return;
          cleanUp();
          resolve(stdout);
        };
        const onClose = () => fail('ended');
        const timer = setTimeout(() => fail('took too long'), timeoutMs);
        const cleanUp = () => {
          clearTimeout(timer);
          child.stdout.off('data', look);
          child.off('close', onClose);
        };
        child.stdout.on('data', look);
        child.once('close', onClose);
        look();
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
      return child.exitCode;
    },
  };
}

/** A service of the workspace as its own process, ready to answer. */
export async function startService(
  main: string,
  port: number,
  environment: Readonly<Record<string, string>>,
): Promise<Started> {
  const service = start([process.execPath, '--enable-source-maps', main], {
    LOG_LEVEL: 'warn',
    ...environment,
    PORT: String(port),
    HOST: '127.0.0.1',
  });
  try {
    await untilReady(`http://127.0.0.1:${port}/readyz`, service);
    return service;
  } catch (error) {
    await service.stop('SIGKILL');
    throw error;
  }
}

async function untilReady(url: string, service: Started): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    const gone = service.process.exitCode !== null || service.process.signalCode !== null;
    if (gone || Date.now() > deadline) {
      const last = answer === undefined ? 'no answer' : await answer.text();
      throw new Error(`${url} is not ready: ${last}\n${service.stdout()}\n${service.stderr()}`);
    }
    await delay(25);
  }
}

export async function freePorts<const T extends readonly string[]>(
  names: T,
): Promise<Record<T[number], number>> {
  const servers = await Promise.all(
    names.map(async (name) => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return [name, server] as const;
    }),
  );
  const ports = servers.map(([name, server]) => [name, (server.address() as AddressInfo).port] as const);
  await Promise.all(servers.map(([, server]) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(ports) as Record<T[number], number>;
}
