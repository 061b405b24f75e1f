import { sha256 } from '@sigstead/crypto';
import { concatBytes, encodeBase64, equalBytes, tlsU64, tlsU8, tlsVector16 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import {
  encodeDataTileEntry,
  encodeMerkleTreeLeaf,
  leafIndexExtension,
  parseDataTileEntry,
  type CtSignedEntry,
  type DataTileEntry,
} from '@sigstead/tlog';
import { SCT_HASH_SHA256, SCT_SIGNATURE_ECDSA, SCT_SIGNATURE_RSA, sctSignatureInput } from '@sigstead/x509';
import type { HostedLog } from '../engine/hosted-log.ts';
import { LogError } from '../errors.ts';
import { parseAddChainRequest } from './add-chain-request.ts';
import { CtError } from './errors.ts';
import type { ChainVerifier, VerifiedPrecertificate } from './precertificate-chain.ts';

/** RFC 6962 section 4.1. */
export interface AddChainResponse {
  readonly sct_version: 0;
  readonly id: string;
  readonly timestamp: number;
  readonly extensions: string;
  readonly signature: string;
}

/** RFC 6962 section 4.3. */
export interface SignedTreeHeadJson {
  readonly tree_size: number;
  readonly timestamp: number;
  readonly sha256_root_hash: string;
  readonly tree_head_signature: string;
}

export interface CtLogOptions {
  readonly log: HostedLog<undefined>;
  readonly shard: string;
  readonly chains: ChainVerifier;
  readonly clock: () => Date;
  readonly maxBodyBytes: number;
}

type PrecertificateEntry = DataTileEntry & {
  readonly signedEntry: Extract<CtSignedEntry, { type: 'precertificate' }>;
};

/** TLS version, signature type tree_hash (RFC 6962 section 3.5). */
const TREE_HEAD_PREFIX = concatBytes(tlsU8(0), tlsU8(1));

/** A certificate-transparency log over the engine. */
export class CtLog {
  readonly #options: CtLogOptions;

  constructor(options: CtLogOptions) {
    const { type, keyId } = options.log.signer.publicKey;
    if (type !== 'P-256' && type !== 'RSA') {
      throw new LogError(
        'CONFIGURATION',
        `CT log ${options.shard} has a ${type} key, SCTs need P-256 or RSA (key ${encodeBase64(keyId)})`,
      );
    }
    this.#options = options;
  }

  get shard(): string {
    return this.#options.shard;
  }

  /**
   * Logs a precertificate, or finds it logged: then time and index are those of the first submission.
   *
   * @throws CtError for what was sent, LogError of the engine
   */
  async addPreChain(body: Uint8Array): Promise<AddChainResponse> {
    const chain = parseAddChainRequest(body, this.#options.maxBodyBytes);
    const verified = this.#options.chains.verifyPrecertificate(chain);
    const sequenced = await this.#options.log.sequencer.submit({
      identity: sha256(verified.precertificate.raw),
      searchKeys: [],
      issuers: verified.issuers.map(({ raw }) => raw),
      encode: (index, timestampMs) => encodeEntry(verified, index, timestampMs),
    });
    return this.#sign(this.#storedEntry(sequenced.entry, verified));
  }

  getRoots(): { certificates: string[] } {
    return { certificates: this.#options.chains.roots.map(({ raw }) => encodeBase64(raw)) };
  }

  /** The newest published head, signed now; never earlier than the newest SCT under it, though the clock may be behind that. */
  async getSth(): Promise<SignedTreeHeadJson> {
    const { publication, reader } = this.#options.log;
    const head = await publication.head();
    const newest = (await reader.headTime(head.size)) ?? 0n;
    const now = BigInt(this.#options.clock().getTime());
    const timestampMs = now > newest ? now : newest;
    const signed = await this.#digitallySign(
      concatBytes(TREE_HEAD_PREFIX, tlsU64(timestampMs), tlsU64(head.size), head.root),
    );
    return {
      tree_size: Number(head.size),
      timestamp: Number(timestampMs),
      sha256_root_hash: encodeBase64(head.root),
      tree_head_signature: encodeBase64(signed),
    };
  }

  /** The SCT is made from what is stored, so it holds whatever was submitted this time. */
  #storedEntry(bytes: Uint8Array, submitted: VerifiedPrecertificate): PrecertificateEntry {
    const entry = parseDataTileEntry(bytes);
    const { signedEntry } = entry;
    if (signedEntry.type !== 'precertificate') {
      throw new LogError('STORAGE', 'a precertificate is stored as a final certificate');
    }
    if (!equalBytes(signedEntry.issuerKeyHash, submitted.issuerKeyHash)) {
      throw new CtError('CHAIN', 'the precertificate is logged already, under another issuer key');
    }
    return { ...entry, signedEntry };
  }

  async #sign(entry: PrecertificateEntry): Promise<AddChainResponse> {
    const { timestampMs, extensions, signedEntry } = entry;
    const input = sctSignatureInput({
      timestampMs,
      issuerKeyHash: signedEntry.issuerKeyHash,
      tbs: signedEntry.tbsCertificate,
      extensions,
    });
    return {
      sct_version: 0,
      id: encodeBase64(this.#options.log.signer.publicKey.keyId),
      timestamp: Number(timestampMs),
      extensions: encodeBase64(extensions),
      signature: encodeBase64(await this.#digitallySign(input)),
    };
  }

  /** DigitallySigned of TLS 1.2: hash, signature algorithm, signature. */
  async #digitallySign(input: Uint8Array): Promise<Uint8Array> {
    const { signer } = this.#options.log;
    const algorithm = signer.publicKey.type === 'RSA' ? SCT_SIGNATURE_RSA : SCT_SIGNATURE_ECDSA;
    return concatBytes(tlsU8(SCT_HASH_SHA256), tlsU8(algorithm), tlsVector16(await signer.sign(input)));
  }
}

function encodeEntry(
  verified: VerifiedPrecertificate,
  index: bigint,
  timestampMs: bigint,
): { entry: Uint8Array; leafHash: Uint8Array } {
  const entry: DataTileEntry = {
    timestampMs,
    signedEntry: {
      type: 'precertificate',
      issuerKeyHash: verified.issuerKeyHash,
      tbsCertificate: verified.tbs,
    },
    // The index is part of the leaf, so it is known before anything is hashed or signed.
    extensions: leafIndexExtension(index),
    precertificate: verified.precertificate.raw,
    chainFingerprints: verified.issuers.map(({ raw }) => sha256(raw)),
  };
  return { entry: encodeDataTileEntry(entry), leafHash: hashLeaf(encodeMerkleTreeLeaf(entry)) };
}
