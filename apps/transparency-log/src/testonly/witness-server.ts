import { PrivateKeySigner } from '@sigstead/crypto';
import { concatBytes, decodeUtf8, encodeUtf8, equalBytes } from '@sigstead/encoding';
import { EMPTY_ROOT, MerkleError, verifyConsistency } from '@sigstead/merkle';
import {
  cosigner,
  formatCosignatures,
  formatTlogSize,
  formatVerifierKey,
  parseAddCheckpointRequest,
  parseSignedNote,
  TLOG_SIZE_CONTENT_TYPE,
  TlogError,
  verifyCheckpointNote,
  type AddCheckpointRequest,
  type Checkpoint,
  type NoteKey,
  type NoteSigner,
} from '@sigstead/tlog';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WitnessReply {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** What a witness was asked and said. */
export interface WitnessExchange {
  readonly oldSize: bigint | undefined;
  readonly status: number;
}

/** In place of the witness's own reply: another one, or none at all. */
export type Misbehaviour = (
  reply: WitnessReply,
  response: ServerResponse,
) => WitnessReply | 'silence' | Promise<WitnessReply>;

/** A witness as C2SP tlog-witness wants it, over real HTTP, with its state in memory. */
export class WitnessServer {
  readonly name: string;
  readonly exchanges: WitnessExchange[] = [];
  misbehave: Misbehaviour | undefined;
  readonly #signer: PrivateKeySigner;
  readonly #cosigner: NoteSigner;
  readonly #logs: NoteKey[];
  readonly #latest = new Map<string, Checkpoint>();
  readonly #server: Server;
  /** Check and store are one step: requests wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(name: string, logs: readonly NoteKey[], clock: () => Date) {
    this.name = name;
    this.#logs = [...logs];
    this.#signer = PrivateKeySigner.generate('Ed25519');
    this.#cosigner = cosigner(name, this.#signer, clock);
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  /** @param logs whose checkpoints it cosigns, by their origins */
  static async start(
    name: string,
    logs: readonly NoteKey[],
    clock: () => Date = () => new Date(),
  ): Promise<WitnessServer> {
    const witness = new WitnessServer(name, logs, clock);
    await new Promise<void>((resolve) => witness.#server.listen(0, '127.0.0.1', resolve));
    return witness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/witness`;
  }

  get verifierKey(): string {
    return formatVerifierKey(this.name, this.#signer.publicKey, 'cosignature');
  }

  /** Its line in a policy, where it has the same name. */
  get policyLine(): string {
    return `witness ${this.name} ${this.verifierKey} ${this.url}\n`;
  }

  /** Cosigns checkpoints of this log from now on. */
  trust(log: NoteKey): void {
    this.#logs.push(log);
  }

  /** Size of the last checkpoint it cosigned for a log. */
  sizeOf(origin: string): bigint | undefined {
    return this.#latest.get(origin)?.size;
  }

  /** Loses its state. */
  forget(): void {
    this.#latest.clear();
  }

  /** A cosignature line over any text. */
  async cosign(text: string): Promise<Uint8Array> {
    const { name, keyHint } = this.#cosigner;
    return formatCosignatures([{ name, keyHint, signature: await this.#cosigner.sign(encodeUtf8(text)) }]);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const reply = await this.#reply(request, concatBytes(...chunks));
    const said = this.misbehave === undefined ? reply : await this.misbehave(reply, response);
    if (said === 'silence') return;
    response.writeHead(
      said.status,
      said.contentType === undefined ? {} : { 'content-type': said.contentType },
    );
    response.end(said.body ?? new Uint8Array());
  }

  async #reply({ method, url }: IncomingMessage, body: Uint8Array): Promise<WitnessReply> {
    if (method !== 'POST' || url !== '/witness/add-checkpoint') return { status: 404 };
    const turn = this.#turn.then(() => this.#addCheckpoint(body));
    this.#turn = turn;
    return turn;
  }

  async #addCheckpoint(body: Uint8Array): Promise<WitnessReply> {
    const request = attempt(() => parseAddCheckpointRequest(body));
    const reply = request === undefined ? { status: 400 } : await this.#judge(request);
    this.exchanges.push({ oldSize: request?.oldSize, status: reply.status });
    return reply;
  }

  async #judge({ oldSize, proof, note }: AddCheckpointRequest): Promise<WitnessReply> {
    const origin = note.slice(0, note.indexOf('\n'));
    const log = this.#logs.find(({ name }) => name === origin);
    if (log === undefined) return { status: 404 };
    const checkpoint = attempt(() => verifyCheckpointNote(note, log));
    if (checkpoint === undefined) return { status: 403 };
    if (oldSize > checkpoint.size) return { status: 400 };
    const latest = this.#latest.get(origin) ?? { size: 0n, rootHash: EMPTY_ROOT };
    if (oldSize !== latest.size) {
      return { status: 409, contentType: TLOG_SIZE_CONTENT_TYPE, body: formatTlogSize(latest.size) };
    }
    if (!isConsistent(latest, checkpoint, proof)) return { status: 422 };
    this.#latest.set(origin, checkpoint);
    return { status: 200, body: await this.cosign(parseSignedNote(note).body) };
  }
}

/** The text of a reply, for tests that change it. */
export function textOf({ body }: WitnessReply): string {
  return decodeUtf8(body ?? new Uint8Array());
}

function isConsistent(
  older: Pick<Checkpoint, 'size' | 'rootHash'>,
  newer: Checkpoint,
  proof: readonly Uint8Array[],
): boolean {
  if (newer.size === 0n && !equalBytes(newer.rootHash, EMPTY_ROOT)) return false;
  try {
    verifyConsistency(older.size, newer.size, proof, older.rootHash, newer.rootHash);
    return true;
  } catch (error) {
    if (error instanceof MerkleError) return false;
    throw error;
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TlogError) return undefined;
    throw error;
  }
}
