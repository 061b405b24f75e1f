import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, verifyMessage } from '@sigstead/crypto';
import {
  concatBytes,
  decodeHex,
  decodeUtf8,
  encodeHex,
  encodeUtf8,
  TlsReader,
  tlsU64,
} from '@sigstead/encoding';
import fc from 'fast-check';
import { type Checkpoint, formatCheckpoint } from '../checkpoint.ts';
import { formatSignedNote, parseSignedNote } from '../signed-note.ts';
import { refusal, refusalOf } from '../testonly/errors.ts';
import { cosignatureTime } from './cosigned-message.ts';
import {
  addSignatures,
  cosigner,
  noteSigner,
  rfc6962NoteSigner,
  signCheckpointNote,
  verifyCheckpointNote,
} from './note-signer.ts';
import { rfc6962SignatureTime, signTreeHead, verifyTreeHead } from './tree-head-signature.ts';
import { noteKeyOf, noteVerifierOf } from './verifier-key.ts';

const ORIGIN = 'log2026-1.example';
const checkpoint: Checkpoint = {
  origin: ORIGIN,
  size: 9n,
  rootHash: new Uint8Array(32).fill(5),
  extensions: [],
};
const log = PrivateKeySigner.generate('Ed25519');
const stranger = PrivateKeySigner.generate('Ed25519');
const logKey = noteVerifierOf(ORIGIN, log.publicKey);

describe('a checkpoint note', () => {
  it.each(['Ed25519', 'P-256', 'RSA'] as const)(
    'of a %s key verifies, and has one line of its key',
    async (type) => {
      const signer = PrivateKeySigner.generate(type);
      const key = noteVerifierOf(ORIGIN, signer.publicKey);
      const note = await signCheckpointNote(checkpoint, [noteSigner(ORIGIN, signer)]);
      expect(verifyCheckpointNote(note, key)).toEqual(checkpoint);
      const [line, ...others] = parseSignedNote(note).signatures;
      expect([line?.name, encodeHex(line?.keyHint ?? new Uint8Array()), others]).toEqual([
        ORIGIN,
        encodeHex(key.keyId).slice(0, 8),
        [],
      ]);
    },
  );

  it('has the lines of its signers in their order', async () => {
    const other = PrivateKeySigner.generate('P-256');
    const signers = [log, other].map((signer) => noteSigner(ORIGIN, signer));
    const { signatures } = parseSignedNote(await signCheckpointNote(checkpoint, signers));
    expect(signatures.map(({ keyHint }) => keyHint)).toEqual(signers.map(({ keyHint }) => keyHint));
  });

  it('keeps its lines in front of those that are added', async () => {
    const witness = cosigner('witness.example', stranger, () => new Date());
    const note = await signCheckpointNote(checkpoint, [noteSigner(ORIGIN, log)]);
    const { name, keyHint } = witness;
    const line = { name, keyHint, signature: await witness.sign(encodeUtf8(formatCheckpoint(checkpoint))) };
    const both = addSignatures(note, [line]);
    expect(both.startsWith(note)).toBe(true);
    expect(parseSignedNote(both).signatures[1]).toEqual(line);
    expect(refusal(() => addSignatures(note, [{ ...line, name: 'a b' }]))).toBe('NOTE');
  });

  it('is not signed without the log in front', async () => {
    const witness = cosigner('witness.example', stranger, () => new Date());
    expect(await refusalOf(signCheckpointNote(checkpoint, [witness, noteSigner(ORIGIN, log)]))).toBe(
      'SIGNER',
    );
    expect(await refusalOf(signCheckpointNote(checkpoint, []))).toBe('SIGNER');
  });

  it('is not signed when it cannot be written', async () => {
    const signing = signCheckpointNote({ ...checkpoint, size: -1n }, [noteSigner(ORIGIN, log)]);
    expect(await refusalOf(signing)).toBe('CHECKPOINT');
  });

  it('is not signed by a key that hashes with another hash than SHA-256', () => {
    expect(refusal(() => noteSigner(ORIGIN, PrivateKeySigner.generate('P-384')))).toBe('SIGNER');
  });

  it.each(['', 'log 1', 'log+1'])('is not signed under the name %j', (name) => {
    expect(refusal(() => noteSigner(name, log))).toBe('VERIFIER_KEY');
  });

  it('is refused with the line of another key under the same name', async () => {
    const note = await signCheckpointNote(checkpoint, [noteSigner(ORIGIN, stranger)]);
    expect(refusal(() => verifyCheckpointNote(note, logKey))).toBe('NO_SIGNATURE');
  });

  it('is refused with a forged line of the key', async () => {
    const note = parseSignedNote(await signCheckpointNote(checkpoint, [noteSigner(ORIGIN, stranger)]));
    const signatures = note.signatures.map((line) => ({ ...line, keyHint: logKey.keyHint }));
    expect(refusal(() => verifyCheckpointNote(formatSignedNote({ ...note, signatures }), logKey))).toBe(
      'SIGNATURE',
    );
  });

  it('is refused when the log signed another origin', async () => {
    const body = formatCheckpoint({ ...checkpoint, origin: 'other.example' });
    const signature = await log.sign(encodeUtf8(body));
    const note = formatSignedNote({
      body,
      signatures: [{ name: ORIGIN, keyHint: logKey.keyHint, signature }],
    });
    expect(refusal(() => verifyCheckpointNote(note, logKey))).toBe('CHECKPOINT');
  });

  it('is refused when the log signed something else', async () => {
    const body = 'no checkpoint\n';
    const signature = await log.sign(encodeUtf8(body));
    const note = formatSignedNote({
      body,
      signatures: [{ name: ORIGIN, keyHint: logKey.keyHint, signature }],
    });
    expect(refusal(() => verifyCheckpointNote(note, logKey))).toBe('CHECKPOINT');
  });
});

describe('a cosignature', () => {
  const witness = PrivateKeySigner.generate('Ed25519');
  const key = noteKeyOf('cosignature', 'witness.example', witness.publicKey);
  const text = encodeUtf8(formatCheckpoint(checkpoint));
  const sign = cosigner('witness.example', witness, () => new Date('2026-03-04T05:06:07.999Z')).sign;

  it('signs header, time and text, and tells its time', async () => {
    const signature = await sign(text);
    const message = encodeUtf8(`cosignature/v1\ntime 1772600767\n${decodeUtf8(text)}`);
    expect(signature).toHaveLength(72);
    expect(cosignatureTime(signature)).toBe(1772600767n);
    expect(verifyMessage(witness.publicKey, 'sha512', message, signature.subarray(8))).toBe(true);
    expect(key.verify(text, signature)).toBe(true);
  });

  it('is refused with any bit flipped, in time, signature or text', async () => {
    const signature = await sign(text);
    fc.assert(
      fc.property(fc.nat(signature.length - 1), fc.nat(7), (at, bit) => {
        const changed = signature.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(key.verify(text, changed)).toBe(false);
      }),
    );
    expect(key.verify(encodeUtf8(formatCheckpoint({ ...checkpoint, size: 10n })), signature)).toBe(false);
  });

  it('is refused when it is a plain signature over the text, or one without a time', async () => {
    const plain = await witness.sign(text);
    expect(key.verify(text, plain)).toBe(false);
    expect(key.verify(text, concatBytes(tlsU64(0n), plain))).toBe(false);
  });

  it('is refused as a log’s signature, and a log’s as a cosignature', async () => {
    const asLog = noteVerifierOf('witness.example', witness.publicKey);
    expect(asLog.verify(text, await sign(text))).toBe(false);
    expect(asLog.keyHint).not.toEqual(key.keyHint);
  });

  it('is refused with a time beyond 2^63 - 1', async () => {
    const time = 1n << 63n;
    const message = concatBytes(encodeUtf8(`cosignature/v1\ntime ${time}\n`), text);
    const signature = concatBytes(tlsU64(time), await witness.sign(message));
    expect(cosignatureTime(signature)).toBeUndefined();
    expect(key.verify(text, signature)).toBe(false);
  });

  it('is made by Ed25519 keys only', () => {
    const signer = PrivateKeySigner.generate('P-256');
    expect(refusal(() => cosigner('witness.example', signer, () => new Date()))).toBe('VERIFIER_KEY');
  });
});

describe('a static-ct checkpoint', () => {
  const ct = PrivateKeySigner.generate('P-256');
  const key = noteKeyOf('rfc6962', ORIGIN, ct.publicKey);
  const timestampMs = 1_772_600_767_123n;

  it.each(['P-256', 'RSA'] as const)('of a %s key verifies, and tells its time', async (type) => {
    const signer = PrivateKeySigner.generate(type);
    const note = await signCheckpointNote(checkpoint, [rfc6962NoteSigner(ORIGIN, signer, timestampMs)]);
    expect(verifyCheckpointNote(note, noteKeyOf('rfc6962', ORIGIN, signer.publicKey))).toEqual(checkpoint);
    const signature = parseSignedNote(note).signatures[0]?.signature ?? new Uint8Array();
    expect(rfc6962SignatureTime(signature)).toBe(timestampMs);
  });

  it('holds the TreeHeadSignature of get-sth', async () => {
    const note = await signCheckpointNote(checkpoint, [rfc6962NoteSigner(ORIGIN, ct, timestampMs)]);
    const reader = new TlsReader(parseSignedNote(note).signatures[0]?.signature ?? new Uint8Array());
    expect([reader.u64(), reader.u8(), reader.u8()]).toEqual([timestampMs, 4, 3]);
    const signature = reader.vector16();
    reader.end();
    const input = decodeHex(`0001${'0000019cb73d3293'}${'0000000000000009'}${'05'.repeat(32)}`);
    expect(verifyMessage(ct.publicKey, 'sha256', input, signature)).toBe(true);
  });

  it('may carry an Ed25519 signature and cosignatures as well', async () => {
    const note = await signCheckpointNote(checkpoint, [
      rfc6962NoteSigner(ORIGIN, ct, timestampMs),
      noteSigner(ORIGIN, log),
      cosigner('witness.example', stranger, () => new Date()),
    ]);
    const keys = [key, logKey, noteKeyOf('cosignature', 'witness.example', stranger.publicKey)];
    expect(verifyCheckpointNote(note, key)).toEqual(checkpoint);
    expect(verifyCheckpointNote(note, logKey)).toEqual(checkpoint);
    expect(parseSignedNote(note).signatures.map(({ keyHint }) => keyHint)).toEqual(
      keys.map(({ keyHint }) => keyHint),
    );
  });

  it('is not signed with an extension line, nor under another origin', async () => {
    const signer = rfc6962NoteSigner(ORIGIN, ct, timestampMs);
    expect(await refusalOf(signCheckpointNote({ ...checkpoint, extensions: ['x'] }, [signer]))).toBe(
      'CHECKPOINT',
    );
    const other = encodeUtf8(formatCheckpoint({ ...checkpoint, origin: 'other.example' }));
    expect(await refusalOf(signer.sign(other))).toBe('CHECKPOINT');
  });

  it('is refused with a signature for another time, size, root or origin', async () => {
    const head = { timestampMs, size: 9n, rootHash: checkpoint.rootHash };
    const signed = await signTreeHead(head, ct);
    const text = (change: Partial<Checkpoint>) => encodeUtf8(formatCheckpoint({ ...checkpoint, ...change }));
    expect(key.verify(text({}), concatBytes(tlsU64(timestampMs), signed))).toBe(true);
    expect(key.verify(text({}), concatBytes(tlsU64(timestampMs + 1n), signed))).toBe(false);
    expect(key.verify(text({ size: 10n }), concatBytes(tlsU64(timestampMs), signed))).toBe(false);
    expect(key.verify(text({ rootHash: new Uint8Array(32) }), concatBytes(tlsU64(timestampMs), signed))).toBe(
      false,
    );
    expect(key.verify(text({ origin: 'other.example' }), concatBytes(tlsU64(timestampMs), signed))).toBe(
      false,
    );
    expect(key.verify(text({ extensions: ['x'] }), concatBytes(tlsU64(timestampMs), signed))).toBe(false);
  });

  it('is refused with another hash or algorithm named, bytes missing or left over', async () => {
    const head = { timestampMs, size: 9n, rootHash: checkpoint.rootHash };
    const signed = await signTreeHead(head, ct);
    const changes = [
      concatBytes(Uint8Array.of(5), signed.subarray(1)),
      concatBytes(Uint8Array.of(4, 1), signed.subarray(2)),
      signed.subarray(0, -1),
      concatBytes(signed, Uint8Array.of(0)),
      new Uint8Array(),
    ];
    expect(verifyTreeHead(head, signed, ct.publicKey)).toBe(true);
    for (const changed of changes) expect(verifyTreeHead(head, changed, ct.publicKey)).toBe(false);
  });

  it('is not signed by a key that CT has no place for', async () => {
    const head = { timestampMs, size: 9n, rootHash: checkpoint.rootHash };
    expect(refusal(() => rfc6962NoteSigner(ORIGIN, log, timestampMs))).toBe('VERIFIER_KEY');
    expect(await refusalOf(signTreeHead(head, log))).toBe('SIGNER');
  });
});
