import { configureLogs, installedLog, start, type Instance, type Started } from '@sigstead/instance';
import { formatVerifierKey } from '@sigstead/tlog';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROGRAM = 'apps/transparency-log/dist/testonly/witness-main.js';
const POLICY_FILE = 'witnesses.policy';

/** Starts a witness, without whose cosignature the instance's Rekor v2 log answers nothing once it is started. */
export async function addWitness(instance: Instance): Promise<Started> {
  const { origin, publicKey } = await installedLog(instance, 'rekor-v2');
  const witness = start([process.execPath, PROGRAM, formatVerifierKey(origin, publicKey)]);
  const line = await witness.printed(/^witness .*\n/);
  const [, name] = line.split(' ');
  const policy = `${line}quorum ${name}\n`;
  await writeFile(join(instance.directory, 'transparency-log', POLICY_FILE), policy);
  const witnesses = { policyFile: POLICY_FILE, onMissing: 'refuse' };
  await configureLogs(instance, (logs) =>
    logs.map((log) => (log.kind === 'rekor-v2' ? { ...log, witnesses } : log)),
  );
  return witness;
}
