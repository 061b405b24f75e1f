import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import fc from 'fast-check';
import { type Checkpoint, formatCheckpoint } from './checkpoint.ts';
import { signCheckpoint, verifyCheckpoint, verifyNoteSignature } from './checkpoint-signature.ts';
import { rekorKeyHint } from './rekor-key.ts';
import { formatSignedNote, parseSignedNote } from './signed-note.ts';
import { refusal, refusalOf } from './testonly/errors.ts';

const signer = PrivateKeySigner.generate('P-256');
const stranger = PrivateKeySigner.generate('P-256');
const NAME = 'log.example';
const checkpoint: Checkpoint = {
  origin: `${NAME} - 77`,
  size: 5n,
  rootHash: new Uint8Array(32).fill(3),
  extensions: [],
};
const signed = await signCheckpoint(checkpoint, NAME, signer);

describe('signCheckpoint', () => {
  it('writes one line with the first bytes of the log ID as key hint', () => {
    const note = parseSignedNote(signed);
    expect(note.body).toBe(formatCheckpoint(checkpoint));
    expect(note.signatures).toHaveLength(1);
    expect(note.signatures[0]?.name).toBe(NAME);
    expect(note.signatures[0]?.keyHint).toEqual(sha256(signer.publicKey.spki).subarray(0, 4));
  });

  it.each(['RSA', 'Ed25519'] as const)('signs with a %s key', async (type) => {
    const other = PrivateKeySigner.generate(type);
    expect(verifyCheckpoint(await signCheckpoint(checkpoint, NAME, other), other.publicKey)).toEqual(
      checkpoint,
    );
  });

  it('refuses a key that would not hash with SHA-256', async () => {
    const p384 = PrivateKeySigner.generate('P-384');
    expect(await refusalOf(signCheckpoint(checkpoint, NAME, p384))).toBe('SIGNER');
  });

  it('refuses a checkpoint that cannot be written before it signs', async () => {
    expect(await refusalOf(signCheckpoint({ ...checkpoint, origin: '' }, NAME, signer))).toBe('CHECKPOINT');
  });
});

describe('verifyCheckpoint', () => {
  it('gives the checkpoint of a note the log signed', () => {
    expect(verifyCheckpoint(signed, signer.publicKey, NAME)).toEqual(checkpoint);
  });

  it('ignores lines of other keys, wherever they stand', async () => {
    const [witness] = parseSignedNote(
      await signCheckpoint(checkpoint, 'witness.example', stranger),
    ).signatures;
    const note = parseSignedNote(signed);
    if (witness === undefined) throw new Error('no witness line');
    for (const signatures of [
      [witness, ...note.signatures],
      [...note.signatures, witness],
    ]) {
      expect(verifyCheckpoint(formatSignedNote({ ...note, signatures }), signer.publicKey, NAME)).toEqual(
        checkpoint,
      );
    }
  });

  it('refuses a note without a line of the key', () => {
    expect(refusal(() => verifyCheckpoint(signed, stranger.publicKey))).toBe('NO_SIGNATURE');
  });

  it('refuses a line under another name, and says which names are there', () => {
    const verify = () => verifyCheckpoint(signed, signer.publicKey, 'other.example');
    expect(refusal(verify)).toBe('NO_SIGNATURE');
    const [{ name } = { name: '' }] = parseSignedNote(signed).signatures;
    expect(verify).toThrow(new RegExp(`name "other.example", but key hint [0-9a-f]{8} and name "${name}"`));
  });

  it('refuses a signature of another key under the right hint', async () => {
    const note = parseSignedNote(await signCheckpoint(checkpoint, NAME, stranger));
    const signatures = note.signatures.map((line) => ({ ...line, keyHint: rekorKeyHint(signer.publicKey) }));
    const forged = formatSignedNote({ ...note, signatures });
    expect(refusal(() => verifyCheckpoint(forged, signer.publicKey))).toBe('SIGNATURE');
  });

  it('refuses when one of two lines of the key is bad', () => {
    const note = parseSignedNote(signed);
    const bad = note.signatures.map((line) => ({ ...line, signature: new Uint8Array(70) }));
    const both = formatSignedNote({ ...note, signatures: [...note.signatures, ...bad] });
    expect(refusal(() => verifyCheckpoint(both, signer.publicKey))).toBe('SIGNATURE');
  });

  it('looks at the body only after the signature', async () => {
    const body = 'not a checkpoint\n';
    const signature = await signer.sign(new TextEncoder().encode(body));
    const keyHint = rekorKeyHint(signer.publicKey);
    const sound = formatSignedNote({ body, signatures: [{ name: NAME, keyHint, signature }] });
    const bad = formatSignedNote({
      body,
      signatures: [{ name: NAME, keyHint, signature: new Uint8Array(70) }],
    });
    expect(refusal(() => verifyCheckpoint(sound, signer.publicKey))).toBe('CHECKPOINT');
    expect(refusal(() => verifyCheckpoint(bad, signer.publicKey))).toBe('SIGNATURE');
  });

  it('refuses every change of one character', () => {
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.constantFrom('A', '0', '\n', ' ', 'é'), (at, character) => {
        fc.pre(signed[at] !== character);
        const changed = signed.slice(0, at) + character + signed.slice(at + 1);
        expect(refusal(() => verifyCheckpoint(changed, signer.publicKey, NAME))).not.toBe('accepted');
      }),
    );
  });
});

describe('verifyNoteSignature', () => {
  it('asks the verifier with the body as signed', () => {
    const asked: string[] = [];
    verifyNoteSignature(parseSignedNote(signed), {
      keyHint: rekorKeyHint(signer.publicKey),
      verify: (message) => {
        asked.push(new TextDecoder().decode(message));
        return true;
      },
    });
    expect(asked).toEqual([formatCheckpoint(checkpoint)]);
  });
});
