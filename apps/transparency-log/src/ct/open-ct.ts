import type { Signer } from '@sigstead/crypto';
import { concatBytes } from '@sigstead/encoding';
import { noteSigner, TlogError, type NoteSigner } from '@sigstead/tlog';
import { openAnchor } from '../anchor/open-anchor.ts';
import type { CtSettings } from '../config.ts';
import { hostLog, type HostedLog } from '../engine/hosted-log.ts';
import { LogError } from '../errors.ts';
import type { LogSurroundings } from '../open-logs.ts';
import { Checkpoints } from '../rekor-v2/checkpoints.ts';
import { TileServer } from '../tiles/serve-tile.ts';
import { TileReader } from '../tiles/tile-reader.ts';
import { openWitnessed } from '../witness/open-witnesses.ts';
import { ChainVerifier } from './chain-verifier.ts';
import { CtLog } from './ct-log.ts';
import { CtReader } from './ct-reader.ts';
import { RootsFile } from './roots-file.ts';
import { TreeHeads } from './tree-heads.ts';

export interface OpenedCt {
  readonly log: HostedLog<undefined>;
  readonly face: CtLog;
}

export interface CtSigners {
  readonly log: Signer;
  /** Signs checkpoints beside the log's key. */
  readonly additional: Signer | undefined;
}

/** @throws LogError CONFIGURATION, UNAVAILABLE */
export async function openCt(
  settings: CtSettings,
  signers: CtSigners,
  surroundings: LogSurroundings,
): Promise<OpenedCt> {
  const { database, clock, metrics, anchors, maxBodyBytes } = surroundings;
  const { shard, origin = `localhost/ctlog/${shard}` } = settings;
  const name = ctLogName(shard);
  assertCtKey(name, signers.log);
  const roots = await RootsFile.open(name, settings.rootsFile);
  const additionalSigner = additionalSignerOf(name, origin, signers.additional);
  const { witnesses } = settings;
  const furtherNotes =
    additionalSigner &&
    new Checkpoints(additionalSigner, witnesses && openWitnessed(name, witnesses, surroundings));
  const log = await hostLog({
    identity: { kind: 'ct', name, origin, treeId: undefined },
    signer: signers.log,
    database,
    anchor: await openAnchor(anchors, name),
    clock,
    timestamps: 'entry',
    // SCTs are made per entry and heads when somebody asks for them; only witnesses are asked before.
    seal: async (head, committed) => {
      if (witnesses !== undefined) await furtherNotes?.of(head, committed);
      return undefined;
    },
    observer: metrics.observerOf(name),
  });
  const reader = new TileReader(log);
  const face = new CtLog({
    log,
    shard,
    chains: new ChainVerifier(policyOf(settings), clock),
    roots,
    heads: new TreeHeads({ log, clock, furtherNote: furtherNotes && ((head) => furtherNotes.of(head, log)) }),
    reader: new CtReader(log, reader),
    tiles: new TileServer(reader, { level: 'data', encode: (entries) => concatBytes(...entries) }),
    maxBodyBytes,
  });
  return { log, face };
}

export function ctLogName(shard: string): string {
  return `ct-${shard}`;
}

/** Before the log is made: its key is for ever. */
function assertCtKey(name: string, { publicKey: { type } }: Signer): void {
  if (type === 'P-256' || type === 'RSA') return;
  throw new LogError('CONFIGURATION', `log ${name} has a ${type} key, SCTs need P-256 or RSA`);
}

function policyOf(settings: CtSettings): ConstructorParameters<typeof ChainVerifier>[0] {
  const { extendedKeyUsages, acceptExpired, notAfterStart, notAfterLimit } = settings;
  const dateOf = (text: string | undefined): Date | undefined =>
    text === undefined ? undefined : new Date(text);
  return {
    extendedKeyUsages,
    acceptExpired,
    notAfterStart: dateOf(notAfterStart),
    notAfterLimit: dateOf(notAfterLimit),
  };
}

function additionalSignerOf(
  name: string,
  origin: string,
  signer: Signer | undefined,
): NoteSigner | undefined {
  if (signer === undefined) return undefined;
  if (signer.publicKey.type !== 'Ed25519') {
    throw new LogError(
      'CONFIGURATION',
      `additional key of log ${name} is a ${signer.publicKey.type} key, witnesses want Ed25519`,
    );
  }
  try {
    return noteSigner(origin, signer);
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    throw new LogError('CONFIGURATION', `additional key of log ${name}: ${cause.message}`, { cause });
  }
}
