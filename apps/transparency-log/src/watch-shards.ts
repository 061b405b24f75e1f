import type { RekorV1Settings, RekorV2Settings } from './config.ts';
import type { RunningLog } from './engine/hosted-log.ts';
import { openRekorV2Shard, openShard, type LogSurroundings, type OpenLogs } from './open-logs.ts';
import { joinShards, type OpenedShard } from './rekor/join-shards.ts';
import type { RekorLog } from './rekor/rekor-log.ts';
import type { OpenedRekorV2 } from './rekor-v2/open-rekor-v2.ts';
import { RekorV2Log } from './rekor-v2/rekor-v2-log.ts';
import { GrowingFamily, type ShardFamily } from './shard-family.ts';
import { ShardWatch } from './shard-watch.ts';

/** Has the Rekor logs take up shards that the file names later. */
export function watchShards(
  logsFile: string,
  logs: OpenLogs,
  surroundings: LogSurroundings,
  told: { opened(log: RunningLog): void; failed(error: unknown): void },
): ShardWatch {
  const { rekor, rekorV2 } = logs;
  const v1 = rekor && rekorFamily(rekor, logs.shards, surroundings);
  const v2 = rekorV2 && rekorV2Family(rekorV2, logs.rekorV2Shards, surroundings);
  const watch = new ShardWatch({
    logsFile,
    families: [v1, v2].filter((family) => family !== undefined),
    onOpened: told.opened,
    onError: told.failed,
  });
  if (v1 !== undefined) rekor?.whenFrozen((treeId) => watch.awaitRotation(v1, treeId.toString()));
  if (v2 !== undefined) rekorV2?.whenFrozen((origin) => watch.awaitRotation(v2, origin));
  return watch;
}

function rekorFamily(
  rekor: RekorLog,
  members: readonly OpenedShard[],
  surroundings: LogSurroundings,
): ShardFamily {
  return new GrowingFamily<RekorV1Settings, OpenedShard>({
    members,
    select: (settings) => settings.filter((log) => log.kind === 'rekor-v1'),
    nameOf: ({ treeId }) => treeId,
    open: (settings) => openShard(settings, surroundings),
    // A shard that another one follows has got its final size.
    resettle: ({ log }, settings) => ({ log, settings }),
    become: async (shards) => {
      const next = await joinShards(shards, surroundings);
      if (next !== undefined) rekor.become(next);
    },
  });
}

function rekorV2Family(
  rekorV2: RekorV2Log,
  members: readonly OpenedRekorV2[],
  surroundings: LogSurroundings,
): ShardFamily {
  return new GrowingFamily<RekorV2Settings, OpenedRekorV2>({
    members,
    select: (settings) => settings.filter((log) => log.kind === 'rekor-v2'),
    nameOf: ({ origin }) => origin,
    open: (settings) => openRekorV2Shard(settings, surroundings),
    resettle: (member) => member,
    become: (shards) => {
      const next = RekorV2Log.of(shards.map(({ shard }) => shard));
      if (next !== undefined) rekorV2.become(next);
      return Promise.resolve();
    },
  });
}
