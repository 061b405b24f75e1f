import type { Signer } from '@sigstead/crypto';
import { encodeBase64 } from '@sigstead/encoding';
import {
  addSignatures,
  parseSignedNote,
  rfc6962NoteSigner,
  signCheckpointNote,
  signTreeHead,
} from '@sigstead/tlog';
import type { TreeHead } from '../anchor/anchor.ts';
import type { HostedLog } from '../engine/hosted-log.ts';
import { SharedRead } from '../engine/shared-read.ts';

/** RFC 6962 section 4.3. */
export interface SignedTreeHeadJson {
  readonly tree_size: number;
  readonly timestamp: number;
  readonly sha256_root_hash: string;
  readonly tree_head_signature: string;
}

export interface TreeHeadsOptions {
  readonly log: Pick<HostedLog<unknown>, 'publication' | 'reader' | 'signer' | 'identity'>;
  readonly clock: () => Date;
  /** A note of the same checkpoint by others, whose lines stand after that of the log's own key. */
  readonly furtherNote?: ((head: TreeHead) => Promise<string>) | undefined;
}

/** A published head with the time it is signed for, and what was signed of it. */
interface TimedHead extends TreeHead {
  readonly timestampMs: bigint;
  readonly json: () => Promise<SignedTreeHeadJson>;
  readonly checkpoint: () => Promise<string>;
}

/** A head is signed anew for a time this much later, though the tree has not grown. */
const FRESH_MS = 1_000n;

/**
 * The heads a CT log shows, as signed tree head (RFC 6962) and as checkpoint (static-ct-api), both of the same time.
 *
 * A time is never before that of any SCT in the tree, and within this process heads only grow and a larger one has a later time,
 * whatever the clock does. Replicas share the tree and with it the times of entries; of each other's heads they know nothing, so
 * between two of them a time can step back by as much as their clocks differ.
 */
export class TreeHeads {
  readonly #options: TreeHeadsOptions;
  readonly #current = new SharedRead(() => this.#read());
  #newest: TimedHead | undefined;

  constructor(options: TreeHeadsOptions) {
    this.#options = options;
  }

  /** @throws LogError REFUSED, UNAVAILABLE */
  async signedTreeHead(): Promise<SignedTreeHeadJson> {
    return (await this.#current.get()).json();
  }

  /** A signed note: the line of the log's key, then those of others when there are any. @throws LogError REFUSED, UNAVAILABLE */
  async checkpoint(): Promise<string> {
    return (await this.#current.get()).checkpoint();
  }

  async #read(): Promise<TimedHead> {
    const { publication, reader } = this.#options.log;
    const head = await publication.head();
    const newest = this.#newest;
    const nowMs = BigInt(this.#options.clock().getTime());
    if (
      newest !== undefined &&
      (head.size < newest.size || (head.size === newest.size && !isOlder(newest, nowMs)))
    )
      return newest;
    const entryTimeMs = head.size === newest?.size ? 0n : ((await reader.headTime(head.size)) ?? 0n);
    const timestampMs = latest(nowMs, entryTimeMs, newest === undefined ? 0n : newest.timestampMs + 1n);
    this.#newest = this.#timed(head, timestampMs);
    return this.#newest;
  }

  #timed(head: TreeHead, timestampMs: bigint): TimedHead {
    return {
      ...head,
      timestampMs,
      json: once(() => signedTreeHeadJson(head, timestampMs, this.#options.log.signer)),
      checkpoint: once(() => this.#signCheckpoint(head, timestampMs)),
    };
  }

  async #signCheckpoint({ size, root }: TreeHead, timestampMs: bigint): Promise<string> {
    const { log, furtherNote } = this.#options;
    const { origin } = log.identity;
    const note = await signCheckpointNote({ origin, size, rootHash: root, extensions: [] }, [
      rfc6962NoteSigner(origin, log.signer, timestampMs),
    ]);
    const further = await furtherNote?.({ size, root });
    return further === undefined ? note : addSignatures(note, parseSignedNote(further).signatures);
  }
}

function isOlder({ timestampMs }: TimedHead, nowMs: bigint): boolean {
  return nowMs - timestampMs >= FRESH_MS;
}

async function signedTreeHeadJson(
  { size, root }: TreeHead,
  timestampMs: bigint,
  signer: Signer,
): Promise<SignedTreeHeadJson> {
  const signature = await signTreeHead({ timestampMs, size, rootHash: root }, signer);
  return {
    tree_size: Number(size),
    timestamp: Number(timestampMs),
    sha256_root_hash: encodeBase64(root),
    tree_head_signature: encodeBase64(signature),
  };
}

function latest(...times: readonly bigint[]): bigint {
  return times.reduce((a, b) => (a > b ? a : b));
}

/** Done when first asked for, and again only after it failed. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}
