import { KeyError, PrivateKeySigner } from '@sigstead/crypto';
import { readSecret } from '@sigstead/server';
import { rekorOrigin } from '@sigstead/tlog';
import { readFileSync } from 'node:fs';
import { openAnchor, type AnchorSettings } from './anchor/open-anchor.ts';
import type { CtSettings, LogSettings, RekorV1Settings, RekorV2Settings } from './config.ts';
import type { CtLog } from './ct/ct-log.ts';
import { ctLogName, openCt, type CtSigners, type OpenedCt } from './ct/open-ct.ts';
import type { Database } from './engine/database.ts';
import { hostLog, type HostedLog, type RunningLog } from './engine/hosted-log.ts';
import { LogError, messageOf } from './errors.ts';
import type { LogMetrics } from './metrics.ts';
import type { EntryAdmission } from './rekor/entry-admission.ts';
import { joinShards, type OpenedShard } from './rekor/join-shards.ts';
import type { Operation } from './rekor/operations.ts';
import type { RekorLog } from './rekor/rekor-log.ts';
import { sealRekorHead } from './rekor/rekor-shard.ts';
import { openRekorV2, rekorV2LogName, type OpenedRekorV2 } from './rekor-v2/open-rekor-v2.ts';
import { RekorV2Log } from './rekor-v2/rekor-v2-log.ts';
import type { WitnessSettings } from './witness/open-witnesses.ts';
import type { Witnesses } from './witness/witnesses.ts';

export interface OpenLogs {
  readonly hosted: readonly RunningLog[];
  readonly rekor: RekorLog | undefined;
  /** What the Rekor log is made of, oldest first. */
  readonly shards: readonly OpenedShard[];
  /** Of the Rekor face, those switched off. */
  readonly disabledOperations: readonly Operation[];
  readonly rekorV2: RekorV2Log | undefined;
  /** What the Rekor v2 log is made of, oldest first. */
  readonly rekorV2Shards: readonly OpenedRekorV2[];
  readonly ct: readonly CtLog[];
}

export interface LogSurroundings {
  readonly database: Database;
  readonly anchors: AnchorSettings;
  readonly clock: () => Date;
  readonly metrics: LogMetrics;
  readonly maxBodyBytes: number;
  /** Where entries are checked, on this thread unless told. */
  readonly admission?: EntryAdmission;
  /** The witnesses of a log, which whoever gave this closes. @throws LogError CONFIGURATION */
  readonly witnessesOf: (log: string, settings: WitnessSettings) => Witnesses;
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export async function openLogs(
  settings: readonly LogSettings[],
  surroundings: LogSurroundings,
): Promise<OpenLogs> {
  const hosted: RunningLog[] = [];
  const ct: CtLog[] = [];
  const shards: OpenedShard[] = [];
  const rekorV2Shards: OpenedRekorV2[] = [];
  for (const log of settings) {
    if (log.kind === 'rekor-v1') {
      const shard = await openShard(log, surroundings);
      hosted.push(shard.log);
      shards.push(shard);
    } else if (log.kind === 'rekor-v2') {
      const opened = await openRekorV2Shard(log, surroundings);
      hosted.push(opened.log);
      rekorV2Shards.push(opened);
    } else {
      const opened = await openCtLog(log, surroundings);
      hosted.push(opened.log);
      ct.push(opened.face);
    }
  }
  return {
    hosted,
    rekor: await joinShards(shards, surroundings),
    shards,
    disabledOperations: shards.at(-1)?.settings.disabledOperations ?? [],
    rekorV2: RekorV2Log.of(rekorV2Shards.map(({ shard }) => shard)),
    rekorV2Shards,
    ct,
  };
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export function openRekorV2Shard(
  settings: RekorV2Settings,
  surroundings: LogSurroundings,
): Promise<OpenedRekorV2> {
  return openRekorV2(settings, openSigner(rekorV2LogName(settings.origin), settings), surroundings);
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export function openCtLog(settings: CtSettings, surroundings: LogSurroundings): Promise<OpenedCt> {
  return openCt(settings, openCtSigners(settings), surroundings);
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export async function openShard(
  settings: RekorV1Settings,
  surroundings: Omit<LogSurroundings, 'witnessesOf'>,
): Promise<OpenedShard> {
  return { log: await openRekor(settings, surroundings), settings };
}

async function openRekor(
  settings: RekorV1Settings,
  surroundings: Omit<LogSurroundings, 'witnessesOf'>,
): Promise<HostedLog<string>> {
  const { database, clock, metrics, anchors } = surroundings;
  const treeId = BigInt(settings.treeId);
  const name = `rekor-v1-${settings.treeId}`;
  const signer = openSigner(name, settings);
  if (signer.hash !== 'sha256') {
    throw new LogError(
      'CONFIGURATION',
      `log ${name} has a ${signer.publicKey.type} key, its clients take SHA-256 only`,
    );
  }
  return hostLog({
    identity: { kind: 'rekor-v1', name, origin: rekorOrigin(settings.host, treeId), treeId },
    signer,
    database,
    anchor: await openAnchor(anchors, name),
    clock,
    timestamps: 'batch',
    seal: (head) => sealRekorHead(settings, signer, head),
    observer: metrics.observerOf(name),
  });
}

function openCtSigners(settings: CtSettings): CtSigners {
  const name = ctLogName(settings.shard);
  const { additionalKeyFile: keyFile, additionalPassphraseFile: passphraseFile = settings.passphraseFile } =
    settings;
  return {
    log: openSigner(name, settings),
    additional:
      keyFile === undefined
        ? undefined
        : openSigner(`${name}, the additional one`, { keyFile, passphraseFile }),
  };
}

function openSigner(name: string, files: { keyFile: string; passphraseFile: string }): PrivateKeySigner {
  try {
    return PrivateKeySigner.fromPem(readFileSync(files.keyFile, 'utf8'), readSecret(files.passphraseFile));
  } catch (cause) {
    const reason = cause instanceof KeyError ? cause.message : `a file cannot be read: ${messageOf(cause)}`;
    throw new LogError('CONFIGURATION', `key of log ${name}: ${reason}`, { cause });
  }
}
