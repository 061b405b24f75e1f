import { sha256 } from '@sigstead/crypto';
import { encodeBase64, equalBytes } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import {
  digitallySign,
  encodeDataTileEntry,
  encodeMerkleTreeLeaf,
  leafIndexExtension,
  parseDataTileEntry,
  type CtSignedEntry,
  type DataTileEntry,
} from '@sigstead/tlog';
import { certificateSctSignatureInput, sctSignatureInput } from '@sigstead/x509';
import type { HostedLog } from '../engine/hosted-log.ts';
import { LogError } from '../errors.ts';
import type { TileServer } from '../tiles/serve-tile.ts';
import { parseAddChainRequest } from './add-chain-request.ts';
import type { ChainVerifier, LeafKind, VerifiedChain } from './chain-verifier.ts';
import type { CtReader } from './ct-reader.ts';
import { CtError } from './errors.ts';
import type { RootsFile } from './roots-file.ts';
import type { TreeHeads } from './tree-heads.ts';

/** RFC 6962 section 4.1. */
export interface AddChainResponse {
  readonly sct_version: 0;
  readonly id: string;
  readonly timestamp: number;
  readonly extensions: string;
  readonly signature: string;
}

export interface CtLogOptions {
  readonly log: HostedLog<undefined>;
  readonly shard: string;
  readonly chains: ChainVerifier;
  readonly roots: RootsFile;
  readonly heads: TreeHeads;
  readonly reader: CtReader;
  readonly tiles: TileServer;
  readonly maxBodyBytes: number;
}

/** A certificate-transparency log over the engine: what it takes in, and with what it answers questions. */
export class CtLog {
  readonly shard: string;
  readonly heads: TreeHeads;
  readonly reader: CtReader;
  readonly tiles: TileServer;
  readonly roots: RootsFile;
  readonly #options: CtLogOptions;

  constructor(options: CtLogOptions) {
    this.#options = options;
    this.shard = options.shard;
    this.heads = options.heads;
    this.reader = options.reader;
    this.tiles = options.tiles;
    this.roots = options.roots;
  }

  /**
   * Logs a certificate or a precertificate, or finds it logged: then time and index are those of the first submission.
   *
   * @throws CtError for what was sent, LogError of the engine
   */
  async add(kind: LeafKind, body: Uint8Array): Promise<AddChainResponse> {
    const verified = await this.#verify(kind, parseAddChainRequest(body, this.#options.maxBodyBytes));
    const sequenced = await this.#options.log.sequencer.submit({
      identity: sha256(verified.certificate.raw),
      searchKeys: [],
      issuers: verified.issuers.map(({ raw }) => raw),
      encode: (index, timestampMs) => encodeEntry(verified, index, timestampMs),
    });
    return this.#sign(storedEntry(sequenced.entry, verified));
  }

  getRoots(): { certificates: string[] } {
    return { certificates: this.roots.roots.certificates.map(({ raw }) => encodeBase64(raw)) };
  }

  /** A chain that does not hold may be the first one of a CA that was added this moment. */
  async #verify(kind: LeafKind, chain: readonly Uint8Array[]): Promise<VerifiedChain> {
    const { chains, roots } = this.#options;
    try {
      return chains.verify(kind, chain, roots.roots);
    } catch (error) {
      if (!(error instanceof CtError) || !(await roots.look())) throw error;
      return chains.verify(kind, chain, roots.roots);
    }
  }

  async #sign({ timestampMs, extensions, signedEntry }: DataTileEntry): Promise<AddChainResponse> {
    const { signer } = this.#options.log;
    const signed = await digitallySign(signer, sctInput(signedEntry, timestampMs, extensions));
    return {
      sct_version: 0,
      id: encodeBase64(signer.publicKey.keyId),
      timestamp: Number(timestampMs),
      extensions: encodeBase64(extensions),
      signature: encodeBase64(signed),
    };
  }
}

/** The SCT is made from what is stored, so it holds whatever was submitted this time; and only for what was submitted. */
function storedEntry(bytes: Uint8Array, { certificate, signedEntry }: VerifiedChain): DataTileEntry {
  const entry = parseDataTileEntry(bytes);
  const stored = entry.signedEntry;
  if (stored.type !== signedEntry.type || !equalBytes(leafOf(entry), certificate.raw))
    throw new LogError('STORAGE', 'an identity points to an entry of another certificate');
  if (
    stored.type === 'precertificate' &&
    signedEntry.type === 'precertificate' &&
    !equalBytes(stored.issuerKeyHash, signedEntry.issuerKeyHash)
  ) {
    throw new CtError('CHAIN', 'the precertificate is logged already, under another issuer key');
  }
  return entry;
}

function leafOf({ signedEntry, precertificate }: DataTileEntry): Uint8Array {
  return signedEntry.type === 'x509' ? signedEntry.certificate : (precertificate ?? new Uint8Array());
}

function sctInput(signedEntry: CtSignedEntry, timestampMs: bigint, extensions: Uint8Array): Uint8Array {
  if (signedEntry.type === 'x509')
    return certificateSctSignatureInput({ timestampMs, certificate: signedEntry.certificate, extensions });
  const { issuerKeyHash, tbsCertificate: tbs } = signedEntry;
  return sctSignatureInput({ timestampMs, issuerKeyHash, tbs, extensions });
}

function encodeEntry(
  { certificate, signedEntry, issuers }: VerifiedChain,
  index: bigint,
  timestampMs: bigint,
): { entry: Uint8Array; leafHash: Uint8Array } {
  const entry: DataTileEntry = {
    timestampMs,
    signedEntry,
    // The index is part of the leaf, so it is known before anything is hashed or signed.
    extensions: leafIndexExtension(index),
    ...(signedEntry.type === 'precertificate' ? { precertificate: certificate.raw } : {}),
    chainFingerprints: issuers.map(({ raw }) => sha256(raw)),
  };
  return { entry: encodeDataTileEntry(entry), leafHash: hashLeaf(encodeMerkleTreeLeaf(entry)) };
}
