import { sha256, type PublicKey, type Signer } from '@sigstead/crypto';
import { concatBytes, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { bundleFormat, encodeEntryBundle, type EntryFormat } from '@sigstead/tiles';
import {
  canonicalHashedRekordV002,
  ctTileFormat,
  encodeDataTileEntry,
  encodeMerkleTreeLeaf,
  leafIndexExtension,
  noteKeyOf,
  noteSigner,
  noteVerifierOf,
  parseDataTileEntry,
  rfc6962NoteSigner,
  signCheckpointNote,
  verifyCheckpointNote,
  type DataTileEntry,
} from '@sigstead/tlog';
import { isSameHead, type TreeHead } from '../anchor/anchor.ts';
import type { HostLogOptions } from '../engine/hosted-log.ts';
import type { Timestamps } from '../engine/plan-batch.ts';
import type { Submission } from '../engine/submission.ts';
import { Checkpoints } from '../rekor-v2/checkpoints.ts';
import type { LogIdentity } from '../storage/log-rows.ts';
import type { BundleFormat } from '../tiles/serve-tile.ts';
import { asStored, type EntryReader } from './audit.ts';
import { submission } from './engine.ts';

/** What differs between the kinds of logs for a test that interrupts replicas of one. */
export interface LogUnderTest {
  identityOf(name: string): Omit<LogIdentity, 'keyId'>;
  readonly timestamps: Timestamps;
  /** An entry made of a text; the same text is the same entry. */
  submission(text: string): Submission;
  /** What is stored of it, as text. */
  storedText(text: string): string;
  readonly entries: EntryReader;
  sealBy(signer: Signer): HostLogOptions<string>['seal'];
  /** How its entries are served beside its tiles, and how they are verified. */
  readonly served: BundleFormat;
  verified(): EntryFormat;
  /** Throws unless the log's key made the seal for this head. */
  assertSeal(seal: string, head: TreeHead, key: PublicKey): void;
}

const ENTRY_BUNDLES = {
  served: { level: 'entries', encode: encodeEntryBundle },
  verified: bundleFormat,
} as const;
const ORIGIN = 'matrix.rekor.test';
const CT_ORIGIN = 'matrix.ct.test/ctlog/2026';
const ISSUER = encodeUtf8('an issuer');

/** The certificate of an entry is the text it was made of. */
const ctEntries: EntryReader = {
  leafHash: (entry) => hashLeaf(encodeMerkleTreeLeaf(parseDataTileEntry(entry))),
  text: (entry) => {
    const { signedEntry } = parseDataTileEntry(entry);
    return signedEntry.type === 'x509' ? Buffer.from(signedEntry.certificate).toString() : '';
  },
};

/** A body that any client would rebuild so, though its signature is none. */
function rekorV2Body(text: string): Uint8Array {
  const digest = sha256(encodeUtf8(text));
  return canonicalHashedRekordV002({
    algorithm: { name: 'PKIX_ECDSA_P256_SHA_256', hash: 'sha256' },
    digest,
    signature: digest,
    verifier: { form: 'publicKey', rawBytes: encodeUtf8(text) },
  });
}

export const LOGS_UNDER_TEST = {
  'rekor-v1': {
    identityOf: (name) => ({ kind: 'rekor-v1', name, origin: `test ${name}`, treeId: 1n }),
    timestamps: 'batch',
    submission,
    storedText: (text) => text,
    entries: asStored,
    ...ENTRY_BUNDLES,
    sealBy: () => (head) => Promise.resolve(`sealed ${head.size}`),
    assertSeal: (seal, head) => assertHead({ ...head, size: BigInt(seal.replace('sealed ', '')) }, head),
  },
  'rekor-v2': {
    identityOf: (name) => ({ kind: 'rekor-v2', name, origin: ORIGIN, treeId: undefined }),
    timestamps: 'batch',
    submission: (text) => {
      const entry = rekorV2Body(text);
      const leafHash = hashLeaf(entry);
      return {
        identity: leafHash,
        searchKeys: [text.toLowerCase()],
        issuers: [],
        encode: () => ({ entry, leafHash }),
      };
    },
    storedText: (text) => Buffer.from(rekorV2Body(text)).toString(),
    entries: asStored,
    ...ENTRY_BUNDLES,
    sealBy: (signer) => {
      const checkpoints = new Checkpoints(noteSigner(ORIGIN, signer));
      return (head, log) => checkpoints.of(head, log);
    },
    assertSeal: (seal, head, key) => {
      const { size, rootHash } = verifyCheckpointNote(seal, noteVerifierOf(ORIGIN, key));
      assertHead({ size, root: rootHash }, head);
    },
  },
  ct: {
    identityOf: (name) => ({ kind: 'ct', name, origin: CT_ORIGIN, treeId: undefined }),
    timestamps: 'entry',
    submission: (text) => {
      const certificate = encodeUtf8(text);
      const encode = (index: bigint, timestampMs: bigint) => {
        const entry: DataTileEntry = {
          timestampMs,
          signedEntry: { type: 'x509', certificate },
          extensions: leafIndexExtension(index),
          chainFingerprints: [sha256(ISSUER)],
        };
        return { entry: encodeDataTileEntry(entry), leafHash: hashLeaf(encodeMerkleTreeLeaf(entry)) };
      };
      return { identity: sha256(certificate), searchKeys: [], issuers: [ISSUER], encode };
    },
    storedText: (text) => text,
    entries: ctEntries,
    served: { level: 'data', encode: (entries) => concatBytes(...entries) },
    verified: () => ctTileFormat({ risingTimes: true }),
    sealBy:
      (signer) =>
      async ({ size, root }, { reader }) => {
        const timestampMs = (await reader.headTime(size)) as bigint;
        const checkpoint = { origin: CT_ORIGIN, size, rootHash: root, extensions: [] };
        return signCheckpointNote(checkpoint, [rfc6962NoteSigner(CT_ORIGIN, signer, timestampMs)]);
      },
    assertSeal: (seal, head, key) => {
      const { size, rootHash } = verifyCheckpointNote(seal, noteKeyOf('rfc6962', CT_ORIGIN, key));
      assertHead({ size, root: rootHash }, head);
    },
  },
} satisfies Record<string, LogUnderTest>;

function assertHead(sealed: TreeHead, head: TreeHead): void {
  if (!isSameHead(sealed, head)) throw new Error(`the seal of ${head.size} is one of ${sealed.size}`);
}

export type KindUnderTest = keyof typeof LOGS_UNDER_TEST;
