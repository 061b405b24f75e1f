import { describe, expect, it } from '@jest/globals';
import { PublicKey } from '@sigstead/crypto';
import { decodeBase64, encodeBase64, encodeHex } from '@sigstead/encoding';
import { hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { parseRekorOrigin } from './checkpoint.ts';
import { verifyCheckpoint } from './checkpoint-signature.ts';
import { rekorEntryId } from './entry-id.ts';
import { canonicalHashedRekord, HASHED_REKORD_KIND, parseHashedRekord } from './hashed-rekord.ts';
import { verifyHashedRekord } from './hashed-rekord-type.ts';
import { parseCanonicalBody, parseProposedEntry } from './proposed-entry.ts';
import { rekorKeyHint } from './rekor-key.ts';
import { verifySignedEntryTimestamp } from './signed-entry-timestamp.ts';
import { refusal } from './testonly/errors.ts';
import {
  acceptedEvidence,
  type EvidenceCase,
  hasVectors,
  readCase,
  type TlogEntryJson,
} from './testonly/vectors.ts';

// Upstream evidence: entries of the public and staging logs, signed by logs that run other people's code.
const evidence = acceptedEvidence().flatMap((source) => source.entries.map((entry) => ({ source, entry })));
const v1 = evidence.filter(({ entry }) => entry.inclusionPromise !== undefined);
const label = ({ source, entry }: (typeof evidence)[number]) => `${source.name} (${entry.kindVersion.kind})`;

function logKey(source: EvidenceCase, entry: TlogEntryJson): PublicKey {
  const log = source.tlogs.find((candidate) => candidate.logId.keyId === entry.logId.keyId);
  return PublicKey.fromSpki(decodeBase64(log?.publicKey.rawBytes ?? ''));
}

function verifySet(source: EvidenceCase, entry: TlogEntryJson): void {
  const payload = {
    body: entry.canonicalizedBody,
    integratedTime: Number(entry.integratedTime),
    logId: encodeHex(decodeBase64(entry.logId.keyId)),
    logIndex: Number(entry.logIndex),
  };
  const promise = decodeBase64(entry.inclusionPromise?.signedEntryTimestamp ?? '');
  verifySignedEntryTimestamp(payload, promise, logKey(source, entry));
}

(hasVectors ? describe : describe.skip)('evidence of other logs (needs SIGSTEAD_VECTORS)', () => {
  it('holds entries to check', () => {
    expect(v1.length).toBeGreaterThanOrEqual(8);
  });

  it.each(v1.map((item) => [label(item), item] as const))(
    'verifies the promise of %s',
    (_, { source, entry }) => {
      verifySet(source, entry);
    },
  );

  it.each(v1.map((item) => [label(item), item] as const))(
    'verifies checkpoint and inclusion of %s',
    (_, { source, entry }) => {
      const proof = entry.inclusionProof;
      if (proof === undefined) throw new Error('no proof');
      const key = logKey(source, entry);
      const checkpoint = verifyCheckpoint(proof.checkpoint.envelope, key);
      expect(parseRekorOrigin(checkpoint.origin)).toBeDefined();
      expect(encodeBase64(checkpoint.rootHash)).toBe(proof.rootHash);
      expect(checkpoint.size).toBe(BigInt(proof.treeSize));
      verifyInclusion(
        BigInt(proof.logIndex),
        checkpoint.size,
        hashLeaf(decodeBase64(entry.canonicalizedBody)),
        proof.hashes.map(decodeBase64),
        checkpoint.rootHash,
      );
    },
  );

  it.each(evidence.map((item) => [label(item), item] as const))(
    'reads the stored body of %s',
    (_, { entry }) => {
      expect(parseCanonicalBody(decodeBase64(entry.canonicalizedBody))).toMatchObject({
        kind: entry.kindVersion.kind,
        apiVersion: entry.kindVersion.version,
      });
    },
  );

  it.each(
    v1
      .filter(({ entry }) => entry.kindVersion.kind === HASHED_REKORD_KIND)
      .map((item) => [label(item), item] as const),
  )('verifies and writes again byte for byte %s', (_, { entry }) => {
    const body = decodeBase64(entry.canonicalizedBody);
    const parsed = parseHashedRekord(parseCanonicalBody(body).spec);
    verifyHashedRekord(parsed);
    expect(canonicalHashedRekord(parsed)).toEqual(body);
    const proposed = parseProposedEntry(body, { maxBytes: 1 << 20 }).entry;
    proposed.verify();
    expect(proposed.canonicalBody()).toEqual(body);
    expect(proposed.indexKeys()).toContain(`${parsed.hash.algorithm}:${parsed.hash.value}`);
  });

  it('names the public log by key hint and an entry by tree and leaf', () => {
    const source = readCase('happy-path-v0.3');
    const [entry] = source.entries;
    if (entry === undefined) throw new Error('no entry');
    expect(encodeHex(rekorKeyHint(logKey(source, entry)))).toBe('c0d23d6a');
    expect(BigInt(entry.logIndex) - BigInt(entry.inclusionProof?.logIndex ?? 0)).toBe(4163431n);
    const leafHash = hashLeaf(decodeBase64(entry.canonicalizedBody));
    expect(rekorEntryId(2605736670972794746n, leafHash)).toBe(`24296fb24b8ad77a${encodeHex(leafHash)}`);
  });

  it('refuses a checkpoint with the key hint of another log', () => {
    const source = readCase('checkpoint-bad-keyhint_fail');
    const [entry] = source.entries;
    if (entry?.inclusionProof === undefined) throw new Error('no entry');
    const { envelope } = entry.inclusionProof.checkpoint;
    expect(refusal(() => verifyCheckpoint(envelope, logKey(source, entry)))).toBe('NO_SIGNATURE');
  });

  it('refuses a checkpoint whose signature is invalid', () => {
    const source = readCase('invalid-checkpoint-signature_fail');
    const [entry] = source.entries;
    if (entry?.inclusionProof === undefined) throw new Error('no entry');
    const { envelope } = entry.inclusionProof.checkpoint;
    expect(refusal(() => verifyCheckpoint(envelope, logKey(source, entry)))).toBe('SIGNATURE');
  });

  it('refuses a promise whose signature is invalid', () => {
    const source = readCase('set-invalid-signature_fail');
    const [entry] = source.entries;
    if (entry === undefined) throw new Error('no entry');
    expect(refusal(() => verifySet(source, entry))).toBe('SIGNATURE');
  });
});
