import type { PublicKey } from '@sigstead/crypto';
import { decodeBase64, decodeUtf8, encodeBase64, equalBytes } from '@sigstead/encoding';
import { createEntryRequest, type ArtifactSignature } from '@sigstead/instance';
import { hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { bundleFormat } from '@sigstead/tiles';
import {
  noteVerifierOf,
  verifyCheckpointNote,
  type NoteKey,
  type TransparencyLogEntryJson,
} from '@sigstead/tlog';
import { ArtifactSignatures } from './artifact-signatures.ts';
import { bodyOf, unexpected, type Answer, type Ask } from './ask.ts';
import type { Acknowledged, Face, Head, Place, Proposal } from './face.ts';
import type { Ledger } from './ledger.ts';
import { readTiles } from './read-tiles.ts';

const ENTRIES = '/api/v2/log/entries';

/** Rekor v2: the active log, or the one whose path is in the URL. */
export class RekorV2Face implements Face {
  readonly #key: NoteKey;
  readonly #signatures = new ArtifactSignatures();

  constructor(origin: string, key: PublicKey) {
    this.#key = noteVerifierOf(origin, key);
  }

  async propose(): Promise<Proposal> {
    const signed = await this.#signatures.next();
    const wanted = canonicalBody(signed);
    return {
      path: ENTRIES,
      body: createEntryRequest(signed),
      read: (answer, ask) => this.#readAnswer(wanted, answer, ask),
    };
  }

  async head(ask: Ask): Promise<Head | undefined> {
    const note = bodyOf(await ask('/checkpoint'), 'the checkpoint');
    return note && verifyCheckpointNote(note.toString(), this.#key);
  }

  /** Whoever wants a proof makes it of the tiles. */
  verifyConsistency(): Promise<void> {
    return Promise.resolve();
  }

  readTree(asks: readonly Ask[], head: Head, ledger: Ledger): Promise<void> {
    return readTiles(asks, head, { format: bundleFormat() }, ledger);
  }

  async verifyAgain(ask: Ask, { index, leafHash }: Place): Promise<void> {
    const body = bodyOf(await ask(`${ENTRIES}?logIndex=${index}`), `entry ${index}`);
    if (body === undefined) throw new Error(`entry ${index} cannot be read`);
    const found = this.#readEntry(body);
    if (found.index !== index || !equalBytes(found.leafHash, leafHash))
      throw new Error(`entry ${index} is another one now`);
  }

  async #readAnswer(wanted: string, answer: Answer, ask: Ask): Promise<Acknowledged | undefined> {
    // A log may take a repeated entry for a success, and then does not say that it is one.
    if (answer.status === 201) return { ...this.#readEntry(answer.body, wanted), isNew: undefined };
    if (answer.status !== 409) throw unexpected(answer, 'a sound entry');
    const index = answer.headers.get('x-log-index');
    const body = bodyOf(await ask(`${ENTRIES}?logIndex=${index}`), 'the entry that a 409 names');
    return body && { ...this.#readEntry(body, wanted), isNew: false };
  }

  #readEntry(answer: Buffer, wanted?: string): Omit<Acknowledged, 'isNew'> {
    const entry = JSON.parse(answer.toString()) as TransparencyLogEntryJson;
    try {
      return this.#verifyEntry(entry, wanted);
    } catch (cause) {
      throw new Error(`entry ${entry.logIndex}: ${(cause as Error).message}`, { cause });
    }
  }

  #verifyEntry(entry: TransparencyLogEntryJson, wanted?: string): Omit<Acknowledged, 'isNew'> {
    const { inclusionProof: proof, logIndex, logId, kindVersion } = entry;
    const body = decodeBase64(entry.canonicalizedBody);
    if (wanted !== undefined && decodeUtf8(body) !== wanted) throw new Error('its body is not what was sent');
    if (logId.keyId !== encodeBase64(this.#key.keyId)) throw new Error(`it has the log ID ${logId.keyId}`);
    if (kindVersion.kind !== 'hashedrekord' || kindVersion.version !== '0.0.2')
      throw new Error(`it is a ${kindVersion.kind} ${kindVersion.version}`);
    const head = verifyCheckpointNote(proof.checkpoint.envelope, this.#key);
    if (head.size !== BigInt(proof.treeSize) || encodeBase64(head.rootHash) !== proof.rootHash)
      throw new Error('its proof is for another tree than its checkpoint');
    if (proof.logIndex !== logIndex) throw new Error(`its proof is for index ${proof.logIndex}`);
    const leafHash = hashLeaf(body);
    verifyInclusion(BigInt(logIndex), head.size, leafHash, proof.hashes.map(decodeBase64), head.rootHash);
    return { index: Number(logIndex), leafHash, identity: leafHash, head };
  }
}

/** RFC 8785 of the entry that such a request becomes, its members written down in that order. */
function canonicalBody({ digest, signature, publicKey }: ArtifactSignature): string {
  return JSON.stringify({
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: {
      hashedRekordV002: {
        data: { algorithm: 'SHA2_256', digest: encodeBase64(digest) },
        signature: {
          content: encodeBase64(signature),
          verifier: {
            keyDetails: 'PKIX_ECDSA_P256_SHA_256',
            publicKey: { rawBytes: encodeBase64(publicKey.spki) },
          },
        },
      },
    },
  });
}
