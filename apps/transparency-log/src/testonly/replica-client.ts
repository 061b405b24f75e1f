import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Sequenced } from '../engine/submission.ts';
import type { Fault, Point } from './faults.ts';
import type { KindUnderTest } from './log-kinds.ts';
import { SOURCE_ARGUMENTS } from './service.ts';

export interface ReplicaSettings {
  /** Rekor v1 unless told. */
  readonly kind?: KindUnderTest;
  readonly databaseUrl: string;
  readonly anchorDirectory: string;
  readonly name: string;
  readonly keyPem: string;
  readonly passphrase: string;
}

export type ReplicaCommand =
  | { readonly kind: 'submit'; readonly id: number; readonly texts: readonly string[] }
  /** Interrupts the process once, at this point of its next batch. */
  | { readonly kind: 'fault'; readonly at: Point; readonly how: Fault }
  | { readonly kind: 'go-on' };

export interface Refused {
  readonly code: string;
  readonly message: string;
}

export type Answer = Sequenced<string> | Refused;

export type ReplicaReport =
  | { readonly kind: 'ready' | 'reached' }
  | { readonly kind: 'answers'; readonly id: number; readonly answers: readonly Answer[] };

/** A replica in a process of its own. */
export interface ReplicaProcess {
  readonly pid: number;
  /** One answer per text, none when the process died before. */
  submit(texts: readonly string[]): Promise<readonly Answer[]>;
  /** Resolves when the process has reached the point where it is interrupted; with false when it ended and never did. */
  faultAt(at: Point, how: Fault): Promise<boolean>;
  /** Ends a stop or a hold. */
  goOn(): void;
  kill(): Promise<void>;
}

export function isSequenced(answer: Answer): answer is Sequenced<string> {
  return !('code' in answer);
}

export async function startReplica(settings: ReplicaSettings): Promise<ReplicaProcess> {
  const child = fork(join(import.meta.dirname, 'replica-process.ts'), [JSON.stringify(settings)], {
    execArgv: [...SOURCE_ARGUMENTS],
    env: { PATH: process.env['PATH'] },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const waiting = new Map<number, (answers: readonly Answer[]) => void>();
  let onReached: (reached: boolean) => void = () => undefined;
  let submissions = 0;
  child.on('message', (report: ReplicaReport) => {
    if (report.kind === 'reached') onReached(true);
    if (report.kind !== 'answers') return;
    waiting.get(report.id)?.(report.answers);
    waiting.delete(report.id);
  });
  void ended.then(() => {
    onReached(false);
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
    pid: child.pid as number,
    submit: (texts) =>
      new Promise((resolve) => {
        if (!child.connected) return resolve([]);
        const id = submissions++;
        waiting.set(id, resolve);
        send({ kind: 'submit', id, texts });
      }),
    faultAt: (at, how) =>
      new Promise((resolve) => {
        onReached = resolve;
        send({ kind: 'fault', at, how });
      }),
    goOn: () => {
      child.kill('SIGCONT');
      send({ kind: 'go-on' });
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
