import type { Signer } from '@sigstead/crypto';
import { noteSigner, TlogError } from '@sigstead/tlog';
import { openAnchor } from '../anchor/open-anchor.ts';
import type { RekorV2Settings } from '../config.ts';
import { hostLog, type HostedLog } from '../engine/hosted-log.ts';
import { LogError } from '../errors.ts';
import type { LogSurroundings } from '../open-logs.ts';
import { admitInThread, readEntryPolicy } from '../rekor/entry-admission.ts';
import { openWitnessed } from '../witness/open-witnesses.ts';
import { Checkpoints } from './checkpoints.ts';
import { RekorV2Shard } from './rekor-v2-shard.ts';

export interface OpenedRekorV2 {
  readonly log: HostedLog<string>;
  readonly settings: RekorV2Settings;
  readonly shard: RekorV2Shard;
}

/** What clients of Rekor v2 send at most; stock Rekor's default. */
export const MAX_REKOR_V2_BODY = 4 * 1024 * 1024;
/** Nesting and values of a request: a key in a signature has five levels, an envelope a dozen values. */
const REQUEST_SHAPE = { maxDepth: 16, maxValues: 256 };

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export async function openRekorV2(
  settings: RekorV2Settings,
  signer: Signer,
  surroundings: LogSurroundings,
): Promise<OpenedRekorV2> {
  const { database, clock, metrics, anchors, maxBodyBytes, admission = admitInThread } = surroundings;
  const { witnesses } = settings;
  const name = rekorV2LogName(settings.origin);
  const witnessed = witnesses && openWitnessed(name, witnesses, surroundings);
  const checkpoints = new Checkpoints(signerOf(name, settings.origin, signer), witnessed);
  const policy = readEntryPolicy(settings);
  const log = await hostLog({
    identity: { kind: 'rekor-v2', name, origin: settings.origin, treeId: undefined },
    signer,
    database,
    anchor: await openAnchor(anchors, name),
    clock,
    timestamps: 'batch',
    seal: (head, committed) => checkpoints.of(head, committed),
    observer: metrics.observerOf(name),
  });
  const limits = { ...REQUEST_SHAPE, maxBytes: Math.min(maxBodyBytes, MAX_REKOR_V2_BODY) };
  const admit = admission({ api: 'rekor-v2', limits, policy });
  return { log, settings, shard: new RekorV2Shard({ log, settings, checkpoints, admit }) };
}

export function rekorV2LogName(origin: string): string {
  return `rekor-v2-${origin}`;
}

function signerOf(name: string, origin: string, signer: Signer): ReturnType<typeof noteSigner> {
  try {
    return noteSigner(origin, signer);
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    throw new LogError('CONFIGURATION', `key of log ${name}: ${cause.message}`, { cause });
  }
}
