import { parseWitnessPolicy, type WitnessPolicy } from '@sigstead/tlog';
import { readFileSync } from 'node:fs';
import type { Database } from '../engine/database.ts';
import { LogError, messageOf } from '../errors.ts';
import { WitnessedCheckpoints } from './witnessed-checkpoints.ts';
import { Witnesses, type WitnessObserver } from './witnesses.ts';

/** Who is asked for a log, for how long, and what becomes of a checkpoint without its quorum. */
export interface WitnessSettings {
  /** C2SP tlog-policy; every witness in it needs its URL. */
  readonly policyFile: string;
  readonly timeoutMs: number;
  readonly onMissing: 'publish' | 'refuse';
}

export interface WitnessSurroundings {
  readonly database: Pick<Database, 'pool'>;
  /** The witnesses of a log, which whoever gave this closes. */
  readonly witnessesOf: (log: string, settings: WitnessSettings) => Witnesses;
}

/** @throws LogError CONFIGURATION naming the line */
export function openWitnessed(
  log: string,
  settings: WitnessSettings,
  { database, witnessesOf }: WitnessSurroundings,
): WitnessedCheckpoints {
  const { onMissing } = settings;
  return new WitnessedCheckpoints({ witnesses: witnessesOf(log, settings), onMissing, pool: database.pool });
}

/** @throws LogError CONFIGURATION naming the line */
export function openWitnesses(log: string, settings: WitnessSettings, observer: WitnessObserver): Witnesses {
  const { policyFile, timeoutMs } = settings;
  try {
    return new Witnesses({ policy: readPolicy(policyFile), timeoutMs, observer });
  } catch (cause) {
    throw new LogError('CONFIGURATION', `witnesses of log ${log}: ${messageOf(cause)}`, { cause });
  }
}

function readPolicy(path: string): WitnessPolicy {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LogError('CONFIGURATION', `the policy cannot be read: ${messageOf(cause)}`, { cause });
  }
  return parseWitnessPolicy(text);
}
