import { PrivateKeySigner } from '@sigstead/crypto';
import { join } from 'node:path';
import type { Anchor } from '../anchor/anchor.ts';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { openReplica, submission } from './engine.ts';
import type { ReplicaCommand, ReplicaReport, ReplicaSettings } from './replica-client.ts';

/** Main module of a replica in a process of its own, which its parent may kill or stop. */
const { keyPem, passphrase, ...settings } = JSON.parse(process.argv[2] as string) as ReplicaSettings;

let stopAt: 'read' | 'swap' | undefined;

/** Stops this whole process right here when it was told to; the parent lets it go on. */
async function stopIf(place: 'read' | 'swap'): Promise<void> {
  if (stopAt !== place) return;
  stopAt = undefined;
  await new Promise<void>((resolve) => process.send?.({ kind: 'stopping' }, () => resolve()));
  process.kill(process.pid, 'SIGSTOP');
}

const file = await FileAnchor.open(join(settings.anchorDirectory, settings.name));
const anchor: Anchor = {
  read: async () => {
    await stopIf('read');
    return file.read();
  },
  compareAndSwap: async (expected, next) => {
    await stopIf('swap');
    return file.compareAndSwap(expected, next);
  },
};
const replica = await openReplica({
  ...settings,
  signer: PrivateKeySigner.fromPem(keyPem, passphrase),
  anchor,
});

process.on('message', (command: ReplicaCommand) => {
  if (command.kind === 'stop') stopAt = command.at;
  else void submit(command.id, command.texts);
});
process.on('disconnect', () => process.exit(0));
report({ kind: 'ready' });

async function submit(id: number, texts: readonly string[]): Promise<void> {
  const settled = await Promise.allSettled(
    texts.map((text) => replica.log.sequencer.submit(submission(text))),
  );
  const answers = settled.map((answer) =>
    answer.status === 'fulfilled'
      ? answer.value
      : { code: (answer.reason as { code: string }).code, message: String(answer.reason) },
  );
  report({ kind: 'answers', id, answers });
}

function report(message: ReplicaReport): void {
  process.send?.(message);
}
