import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Sequenced } from '../engine/submission.ts';

export interface ReplicaSettings {
  readonly databaseUrl: string;
  readonly anchorDirectory: string;
  readonly name: string;
  readonly keyPem: string;
  readonly passphrase: string;
}

export type ReplicaCommand =
  | { readonly kind: 'submit'; readonly id: number; readonly texts: readonly string[] }
  /** Stops the process at its next look at the anchor, or right before its next swap. */
  | { readonly kind: 'stop'; readonly at: 'read' | 'swap' };

export interface Refused {
  readonly code: string;
  readonly message: string;
}

export type Answer = Sequenced<string> | Refused;

export type ReplicaReport =
  | { readonly kind: 'ready' | 'stopping' }
  | { readonly kind: 'answers'; readonly id: number; readonly answers: readonly Answer[] };

/** A replica in a process of its own. */
export interface ReplicaProcess {
  /** One answer per text, none when the process died before. */
  submit(texts: readonly string[]): Promise<readonly Answer[]>;
  /** Resolves when the process has stopped at that place. Let it go on with `signal('SIGCONT')`. */
  stopAt(at: 'read' | 'swap'): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
}

export function isSequenced(answer: Answer): answer is Sequenced<string> {
  return !('code' in answer);
}

export async function startReplica(settings: ReplicaSettings): Promise<ReplicaProcess> {
  const loader = new URL('typescript-loader.mjs', import.meta.url).href;
  const child = fork(join(import.meta.dirname, 'replica-process.ts'), [JSON.stringify(settings)], {
    execArgv: ['--conditions=@sigstead/source', '--import', loader],
    env: { PATH: process.env['PATH'] },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const waiting = new Map<number, (answers: readonly Answer[]) => void>();
  let onStopping = (): void => undefined;
  let submissions = 0;
  child.on('message', (report: ReplicaReport) => {
    if (report.kind === 'stopping') onStopping();
    if (report.kind !== 'answers') return;
    waiting.get(report.id)?.(report.answers);
    waiting.delete(report.id);
  });
  void ended.then(() => {
    for (const resolve of waiting.values()) resolve([]);
    waiting.clear();
  });
  const died = ended.then(([code, signal]) => {
    throw new Error(`a replica ended with ${String(code ?? signal)} before it was ready`);
  });
  await Promise.race([once(child, 'message'), died]);
  const send = (command: ReplicaCommand): void => {
    // A process that was killed meanwhile hears nothing; its end says so to whoever waits.
    child.send(command, () => undefined);
  };
  return {
    submit: (texts) =>
      new Promise((resolve) => {
        if (!child.connected) return resolve([]);
        const id = submissions++;
        waiting.set(id, resolve);
        send({ kind: 'submit', id, texts });
      }),
    stopAt: (at) =>
      new Promise((resolve) => {
        onStopping = resolve;
        send({ kind: 'stop', at });
      }),
    signal: (signal) => child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
