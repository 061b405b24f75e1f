import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, PublicKey, sha256 } from '@sigstead/crypto';
import { concatBytes, decodeBase64, encodeBase64, encodeHex, encodeUtf8, tlsU64 } from '@sigstead/encoding';
import { verifyNoteSignature } from '../checkpoint-signature.ts';
import { parseSignedNote } from '../signed-note.ts';
import { refusal } from '../testonly/errors.ts';
import { hasVectors, readCase, vectors } from '../testonly/vectors.ts';
import { type NoteAlgorithm } from './note-scheme.ts';
import { verifyCheckpointNote } from './note-signer.ts';
import {
  formatVerifierKey,
  type NoteKey,
  noteKeyOf,
  noteVerifierOf,
  parseVerifierKey,
} from './verifier-key.ts';

/** C2SP signed-note, the example of its section on verifier keys. */
const C2SP_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const C2SP_NOTE =
  'This is an example message.\n\n' +
  '\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
/** rekor-tiles, `tests/testdata/pki`. */
const REKOR_LOCAL = 'rekor-local+d80b4420+AURLycjWRo1+gdwwCLg9wU4PayMFdNBmPF4ORVPiBQ1E';
const REKOR_WITNESS = 'rekor-witness-test+a478f5cd+AUtKAvrTeY7srtAMfP5JCUOkZoU+A7F5VA094y5LGr89';

const keys = {
  ed25519: PrivateKeySigner.generate('Ed25519').publicKey,
  ecdsa: PrivateKeySigner.generate('P-256').publicKey,
  rsa: PrivateKeySigner.generate('RSA').publicKey,
};
const everyKind: readonly (readonly [NoteAlgorithm, PublicKey])[] = [
  ['ed25519', keys.ed25519],
  ['ecdsa', keys.ecdsa],
  ['ecdsa', PrivateKeySigner.generate('P-384').publicKey],
  ['rsa', keys.rsa],
  ['cosignature', keys.ed25519],
  ['rfc6962', keys.ecdsa],
  ['rfc6962', keys.rsa],
];

function parseKey(vkey: string): NoteKey {
  const key = parseVerifierKey(vkey);
  if (key.algorithm === 'ml-dsa-44') throw new Error('no key to verify with');
  return key;
}

/** A vkey with the key hint that C2SP recommends for its parts. */
function vkeyOf(name: string, typed: Uint8Array): string {
  const hint = encodeHex(sha256(concatBytes(encodeUtf8(`${name}\n`), typed)).slice(0, 4));
  return `${name}+${hint}+${encodeBase64(typed)}`;
}

describe('a verifier key', () => {
  it('verifies the example of C2SP', () => {
    const key = parseKey(C2SP_VKEY);
    expect([key.algorithm, key.name]).toEqual(['ed25519', 'example.com/foo']);
    verifyNoteSignature(parseSignedNote(C2SP_NOTE), key);
    const changed = parseSignedNote(C2SP_NOTE.replace('example message', 'Example message'));
    expect(refusal(() => verifyNoteSignature(changed, key))).toBe('SIGNATURE');
  });

  it.each([C2SP_VKEY, REKOR_LOCAL, REKOR_WITNESS])('is what is written of its key: %s', (vkey) => {
    const { name, key } = parseKey(vkey);
    expect(formatVerifierKey(name, key)).toBe(vkey);
  });

  it.each(everyKind)('of type %s is read as it was written', (algorithm, key) => {
    const read = parseKey(formatVerifierKey('log.example', key, algorithm));
    expect([read.algorithm, read.name, encodeHex(read.key.spki)]).toEqual([
      algorithm,
      'log.example',
      encodeHex(key.spki),
    ]);
    expect(encodeHex(read.keyId)).toBe(encodeHex(noteKeyOf(algorithm, 'log.example', key).keyId));
  });

  it('starts with the assigned signature type', () => {
    const types = everyKind.map(([algorithm, key]) => {
      const encoded = formatVerifierKey('log.example', key, algorithm).split('+').slice(2).join('+');
      return decodeBase64(encoded)[0];
    });
    expect(types).toEqual([0x01, 0x02, 0x02, 0xff, 0x04, 0x05, 0x05]);
  });

  it('of ML-DSA-44 is known, and no key to verify with', () => {
    const vkey = vkeyOf('witness.example', concatBytes(Uint8Array.of(6), new Uint8Array(1312).fill(7)));
    expect(parseVerifierKey(vkey)).toEqual({
      algorithm: 'ml-dsa-44',
      name: 'witness.example',
      keyHint: expect.any(Uint8Array),
    });
  });

  const point = noteKeyOf('ed25519', 'x', keys.ed25519).key.spki.slice(12);
  const typed = (type: number, ...parts: Uint8Array[]) => concatBytes(Uint8Array.of(type), ...parts);
  it.each([
    ['without a key', 'log.example+530d903a+'],
    ['without a key hint', 'log.example+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'],
    ['without a name', C2SP_VKEY.replace('example.com/foo', '')],
    ['with white space in its name', vkeyOf('log example', typed(1, point))],
    ['with a key hint in upper case', C2SP_VKEY.replace('530d903a', '530D903A')],
    ['with a key hint of seven digits', C2SP_VKEY.replace('530d903a', '30d903a')],
    ['with the key hint of another name', C2SP_VKEY.replace('/foo', '/bar')],
    ['with the key hint of another key', C2SP_VKEY.replace('AekyeR', 'AekyeS')],
    [
      'with the key hint of the same key as a cosigner',
      formatVerifierKey('a', keys.ed25519).replace(
        /\+.{8}\+/,
        formatVerifierKey('a', keys.ed25519, 'cosignature').slice(1, 11),
      ),
    ],
    ['whose base64 has no padding', `${vkeyOf('a', typed(2, keys.ecdsa.spki)).replace(/=+$/, '')}`],
    ['in the URL alphabet', C2SP_VKEY.replace('AekyeR', 'Aeky-R')],
    ['followed by a line feed', `${C2SP_VKEY}\n`],
    ['of type 0', vkeyOf('a', typed(0, point))],
    ['of type 3', vkeyOf('a', typed(3, point))],
    ['of type 7', vkeyOf('a', typed(7, point))],
    [
      'of type 0xff with another identifier',
      vkeyOf('a', typed(0xff, encodeUtf8('PKIX-RSA-PSS'), keys.rsa.spki)),
    ],
    ['of Ed25519 with 31 bytes', vkeyOf('a', typed(1, point.slice(1)))],
    ['of Ed25519 with 33 bytes', vkeyOf('a', typed(1, point, Uint8Array.of(0)))],
    ['of Ed25519 with a point of small order', vkeyOf('a', typed(1, Uint8Array.of(1), new Uint8Array(31)))],
    ['of ECDSA with an RSA key', vkeyOf('a', typed(2, keys.rsa.spki))],
    ['of ECDSA with the recommended key hint', vkeyOf('a', typed(2, keys.ecdsa.spki))],
    ['of ECDSA with a cut SPKI', vkeyOf('a', typed(2, keys.ecdsa.spki.slice(0, -1)))],
    ['of RFC 6962 with a key hint over the SPKI', vkeyOf('a', typed(5, keys.ecdsa.spki))],
    ['of ML-DSA-44 with another length', vkeyOf('a', typed(6, new Uint8Array(1311)))],
    ['of more than 4096 characters', `${'a'.repeat(4096)}${C2SP_VKEY}`],
  ])('%s is refused', (_, vkey) => {
    expect(refusal(() => parseVerifierKey(vkey))).toBe('VERIFIER_KEY');
  });

  it.each([
    ['cosignature', 'P-256'],
    ['ed25519', 'P-256'],
    ['ecdsa', 'RSA'],
    ['rsa', 'Ed25519'],
    ['rfc6962', 'Ed25519'],
    ['rfc6962', 'P-384'],
  ] as const)('of type %s is not made of a %s key', (algorithm, type) => {
    const { publicKey } = PrivateKeySigner.generate(type);
    expect(refusal(() => formatVerifierKey('log.example', publicKey, algorithm))).toBe('VERIFIER_KEY');
  });

  it.each(['', 'log example', 'log\u00a0example', 'log+example', 'log\n'])(
    'has no name such as %j',
    (name) => {
      expect(refusal(() => noteVerifierOf(name, keys.ed25519))).toBe('VERIFIER_KEY');
    },
  );
});

describe('the key ID', () => {
  const spkiHash = (key: PublicKey) => encodeHex(sha256(key.spki));
  const hashOf = (...parts: Uint8Array[]) => encodeHex(sha256(concatBytes(...parts)));

  it('of an ECDSA key is the hash of its SPKI, whatever the name', () => {
    expect(encodeHex(noteVerifierOf('a', keys.ecdsa).keyId)).toBe(spkiHash(keys.ecdsa));
    expect(encodeHex(noteVerifierOf('b', keys.ecdsa).keyId)).toBe(spkiHash(keys.ecdsa));
  });

  it('of an RSA key has the name of the algorithm in it', () => {
    const want = hashOf(
      encodeUtf8('a\n'),
      Uint8Array.of(0xff),
      encodeUtf8('PKIX-RSA-PKCS#1v1.5'),
      keys.rsa.spki,
    );
    expect(encodeHex(noteVerifierOf('a', keys.rsa).keyId)).toBe(want);
  });

  it('of a CT log is made of its log ID', () => {
    const want = hashOf(encodeUtf8('ct.example/2026\n'), Uint8Array.of(5), sha256(keys.ecdsa.spki));
    expect(encodeHex(noteKeyOf('rfc6962', 'ct.example/2026', keys.ecdsa).keyId)).toBe(want);
  });

  it('begins with the key hint', () => {
    for (const [algorithm, key] of everyKind) {
      const { keyId, keyHint } = noteKeyOf(algorithm, 'log.example', key);
      expect([keyId.length, encodeHex(keyHint)]).toEqual([32, encodeHex(keyId).slice(0, 8)]);
    }
  });
});

(hasVectors ? describe : describe.skip)('keys and notes of other logs (needs SIGSTEAD_VECTORS)', () => {
  const cases = [
    'rekor2-happy-path',
    'rekor2-dsse-happy-path',
    'rekor2-checkpoint-cosigned',
    'rekor2-checkpoint-multiple-cosigs',
    'rekor2-checkpoint-origin-not-first',
    'rekor2-checkpoint-two-sigs-cosigned',
    'rekor2-checkpoint-two-sigs-from-origin',
  ];

  function readLog(name: string): { key: NoteKey; logId: string; checkpoint: string; size: bigint } {
    const { entries, tlogs } = readCase(name);
    const entry = entries[0];
    const log = tlogs.find(({ logId }) => logId.keyId === entry?.logId.keyId);
    if (log === undefined) throw new Error(`no log of ${name} in its trusted root`);
    const origin = new URL(log.baseUrl).hostname;
    return {
      key: noteVerifierOf(origin, PublicKey.fromSpki(decodeBase64(log.publicKey.rawBytes))),
      logId: log.logId.keyId,
      checkpoint: entry?.inclusionProof?.checkpoint.envelope ?? '',
      size: BigInt(entry?.inclusionProof?.treeSize ?? 0),
    };
  }

  it.each(cases)('%s: same log ID, and the checkpoint verifies', (name) => {
    const { key, logId, checkpoint, size } = readLog(name);
    expect(encodeBase64(key.keyId)).toBe(logId);
    expect(verifyCheckpointNote(checkpoint, key).size).toBe(size);
  });

  it('rekor2-checkpoint-no-matching-signature: a line of another name is none of the log', () => {
    const { key, checkpoint } = readLog('rekor2-checkpoint-no-matching-signature_fail');
    expect(refusal(() => verifyCheckpointNote(checkpoint, key))).toBe('NO_SIGNATURE');
  });

  it.each([
    ['rekor2-checkpoint-missing-log-signature_fail', 'NOTE'],
    ['rekor2-checkpoint-missing-origin_fail', 'SIGNATURE'],
    ['rekor2-checkpoint-missing-size_fail', 'SIGNATURE'],
    ['rekor2-checkpoint-missing-root-hash_fail', 'SIGNATURE'],
  ])('%s: is refused', (name, code) => {
    const { key, checkpoint } = readLog(name);
    expect(refusal(() => verifyCheckpointNote(checkpoint, key))).toBe(code);
  });

  it('the tile log of Tessera: its checkpoints verify with its vkey', () => {
    const folder = resolve(vectors, 'tile-log');
    const script = readFileSync(resolve(folder, 'build_log.sh'), 'utf8');
    const key = parseKey(/LOG_PUBLIC_KEY="([^"]+)"/.exec(script)?.[1] ?? '');
    const sizes = Array.from({ length: 16 }, (_, size) => BigInt(size));
    for (const size of sizes) {
      const path = resolve(folder, `log/checkpoint.${size}`);
      expect(existsSync(path)).toBe(true);
      expect(verifyCheckpointNote(readFileSync(path, 'utf8'), key).size).toBe(size);
    }
  });
});

describe('a note key', () => {
  it('refuses bytes that are no signature, and does not throw', () => {
    for (const [algorithm, key] of everyKind) {
      const { verify } = noteKeyOf(algorithm, 'log.example', key);
      for (const length of [0, 1, 7, 8, 9, 11, 12, 63, 64, 71, 72, 73, 256]) {
        expect(verify(encodeUtf8('log.example\n0\n'), new Uint8Array(length))).toBe(false);
      }
      expect(verify(new Uint8Array([0xff]), concatBytes(tlsU64(1n), new Uint8Array(64)))).toBe(false);
    }
  });
});
