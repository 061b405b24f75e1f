import { PrivateKeySigner } from '@sigstead/crypto';
import { join } from 'node:path';
import { FileAnchor } from '../anchor/file-anchor.ts';
import { openReplica } from './engine.ts';
import { FaultInjector } from './faults.ts';
import { LOGS_UNDER_TEST, type LogUnderTest } from './log-kinds.ts';
import type { ReplicaCommand, ReplicaReport, ReplicaSettings } from './replica-client.ts';

/** Main module of a replica in a process of its own, which its parent may kill or interrupt. */
const {
  keyPem,
  passphrase,
  kind = 'rekor-v1',
  ...settings
} = JSON.parse(process.argv[2] as string) as ReplicaSettings;
const logUnderTest: LogUnderTest = LOGS_UNDER_TEST[kind];

const faults = new FaultInjector(
  () =>
    new Promise<void>((resolve) =>
      process.send?.({ kind: 'reached' } satisfies ReplicaReport, () => resolve()),
    ),
);
const anchor = faults.watch(await FileAnchor.open(join(settings.anchorDirectory, settings.name)));
const signer = PrivateKeySigner.fromPem(keyPem, passphrase);
const replica = await openReplica({
  ...settings,
  identity: logUnderTest.identityOf(settings.name),
  timestamps: logUnderTest.timestamps,
  seal: logUnderTest.sealBy(signer),
  signer,
  anchor,
});

process.on('message', (command: ReplicaCommand) => {
  if (command.kind === 'fault') faults.arm(command.at, command.how);
  else if (command.kind === 'go-on') faults.goOn();
  else void submit(command.id, command.texts);
});
process.on('disconnect', () => process.exit(0));
report({ kind: 'ready' });

async function submit(id: number, texts: readonly string[]): Promise<void> {
  const settled = await Promise.allSettled(
    texts.map((text) => replica.log.sequencer.submit(logUnderTest.submission(text))),
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
