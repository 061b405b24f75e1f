import { KeyError, PrivateKeySigner } from '@sigstead/crypto';
import { readSecret } from '@sigstead/server';
import { rekorOrigin } from '@sigstead/tlog';
import { Certificate, X509Error } from '@sigstead/x509';
import { readFileSync } from 'node:fs';
import { openAnchor, type AnchorSettings } from './anchor/open-anchor.ts';
import type { CtSettings, LogSettings, RekorV1Settings } from './config.ts';
import { CtLog } from './ct/ct-log.ts';
import { ChainVerifier } from './ct/precertificate-chain.ts';
import type { Database } from './engine/database.ts';
import { hostLog, type HostedLog, type RunningLog } from './engine/hosted-log.ts';
import { LogError, messageOf } from './errors.ts';
import type { LogMetrics } from './metrics.ts';
import type { EntryAdmission } from './rekor/entry-admission.ts';
import { joinShards, type OpenedShard } from './rekor/join-shards.ts';
import type { Operation } from './rekor/operations.ts';
import type { RekorLog } from './rekor/rekor-log.ts';
import { sealRekorHead } from './rekor/rekor-shard.ts';

export interface OpenLogs {
  readonly hosted: readonly RunningLog[];
  readonly rekor: RekorLog | undefined;
  /** What the Rekor log is made of, oldest first. */
  readonly shards: readonly OpenedShard[];
  /** Of the Rekor face, those switched off. */
  readonly disabledOperations: readonly Operation[];
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
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export async function openLogs(
  settings: readonly LogSettings[],
  surroundings: LogSurroundings,
): Promise<OpenLogs> {
  const hosted: RunningLog[] = [];
  const ct: CtLog[] = [];
  const shards: OpenedShard[] = [];
  for (const log of settings) {
    if (log.kind === 'rekor-v1') {
      const shard = await openShard(log, surroundings);
      hosted.push(shard.log);
      shards.push(shard);
    } else {
      const opened = await openCt(log, surroundings);
      hosted.push(opened.log);
      ct.push(opened.face);
    }
  }
  return {
    hosted,
    rekor: await joinShards(shards, surroundings),
    shards,
    disabledOperations: shards.at(-1)?.settings.disabledOperations ?? [],
    ct,
  };
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export async function openShard(
  settings: RekorV1Settings,
  surroundings: LogSurroundings,
): Promise<OpenedShard> {
  return { log: await openRekor(settings, surroundings), settings };
}

async function openRekor(
  settings: RekorV1Settings,
  surroundings: LogSurroundings,
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

async function openCt(
  settings: CtSettings,
  surroundings: LogSurroundings,
): Promise<{ log: HostedLog<undefined>; face: CtLog }> {
  const { database, clock, metrics, anchors, maxBodyBytes } = surroundings;
  const { shard } = settings;
  const name = `ct-${shard}`;
  const signer = openSigner(name, settings);
  const chains = new ChainVerifier(readRoots(name, settings.rootsFile), settings.extendedKeyUsages);
  const log = await hostLog({
    identity: { kind: 'ct', name, origin: settings.origin ?? `localhost/ctlog/${shard}`, treeId: undefined },
    signer,
    database,
    anchor: await openAnchor(anchors, name),
    clock,
    timestamps: 'entry',
    // SCTs are per entry and made by the face; nothing is signed per head yet.
    seal: () => Promise.resolve(undefined),
    observer: metrics.observerOf(name),
  });
  return { log, face: new CtLog({ log, shard, chains, clock, maxBodyBytes }) };
}

function openSigner(name: string, files: { keyFile: string; passphraseFile: string }): PrivateKeySigner {
  try {
    return PrivateKeySigner.fromPem(readFileSync(files.keyFile, 'utf8'), readSecret(files.passphraseFile));
  } catch (cause) {
    const reason = cause instanceof KeyError ? cause.message : `a file cannot be read: ${messageOf(cause)}`;
    throw new LogError('CONFIGURATION', `key of log ${name}: ${reason}`, { cause });
  }
}

function readRoots(name: string, path: string): Certificate[] {
  try {
    return Certificate.chainFromPem(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason =
      cause instanceof X509Error ? cause.message : `the file cannot be read: ${messageOf(cause)}`;
    throw new LogError('CONFIGURATION', `roots of log ${name}: ${reason}`, { cause });
  }
}
