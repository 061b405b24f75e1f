import type { RekorV1Settings } from '../config.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import { LogError } from '../errors.ts';
import { admitInThread, readEntryPolicy, type EntryAdmission } from './entry-admission.ts';
import { BODY_SHAPE } from './json-body.ts';
import { RekorLog } from './rekor-log.ts';
import { RekorShard } from './rekor-shard.ts';

export interface OpenedShard {
  readonly log: HostedLog<string>;
  readonly settings: RekorV1Settings;
}

export interface JoinOptions {
  readonly maxBodyBytes: number;
  /** On this thread unless told. */
  readonly admission?: EntryAdmission;
}

/**
 * Shards as one log with one row of indexes.
 *
 * @param shards oldest first; undefined for none
 * @throws LogError CONFIGURATION when an inactive shard is not as long as its settings say
 */
export async function joinShards(
  shards: readonly OpenedShard[],
  { maxBodyBytes, admission = admitInThread }: JoinOptions,
): Promise<RekorLog | undefined> {
  const active = shards.at(-1)?.settings;
  if (active === undefined) return undefined;
  const limits = { maxBytes: maxBodyBytes, ...BODY_SHAPE };
  const joined: RekorShard[] = [];
  let firstIndex = 0n;
  for (const { log, settings } of shards) {
    const shard = new RekorShard(log, settings, firstIndex);
    await assertLength(shard);
    joined.push(shard);
    firstIndex += shard.length ?? 0n;
  }
  return new RekorLog({
    shards: joined,
    admit: admission({ api: 'rekor-v1', limits, policy: readEntryPolicy(active) }),
    maxAttestationBytes: active.maxAttestationBytes,
  });
}

/** An inactive shard that would still grow would move every later index. One that signs nothing any more keeps its place by its settings. */
async function assertLength(shard: RekorShard): Promise<void> {
  if (shard.length === undefined) return;
  let size: bigint;
  try {
    ({ size } = await shard.head());
  } catch (error) {
    if (error instanceof LogError && error.code === 'REFUSED') return;
    throw error;
  }
  if (size === shard.length) return;
  throw new LogError(
    'CONFIGURATION',
    `log rekor-v1-${shard.treeId} has ${size} entries, configured is the final size ${shard.length}`,
  );
}
