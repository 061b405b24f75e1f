import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decodeBase64, parseJson } from '@sigstead/encoding';
import { refusal } from './testonly/refusal.ts';
import { verifyConsistency, verifyInclusion } from './verify.ts';

/** transparency-dev/merkle testdata: one attack per file. */
const root = join(
  process.env['SIGSTEAD_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors'),
  'merkle',
);
const describeVectors = existsSync(root) ? describe : describe.skip;

interface Vector {
  readonly file: string;
  readonly bytes: (name: string) => Uint8Array;
  readonly number: (name: string) => bigint;
  readonly proof: readonly Uint8Array[];
  readonly wantError: boolean;
}

function* vectors(folder: string): Iterable<Vector> {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
    const path = join(entry.parentPath, entry.name);
    const json = parseJson(readFileSync(path), { maxBytes: 1 << 20 }) as Record<string, unknown>;
    yield {
      file: relative(root, path),
      bytes: (name) => decodeBase64(String(json[name] ?? '')),
      number: (name) => BigInt(String(json[name])),
      proof: ((json['proof'] ?? []) as string[]).map(decodeBase64),
      wantError: json['wantErr'] === true,
    };
  }
}

describeVectors('transparency-dev/merkle vectors', () => {
  it('inclusion: accepts what is proven and refuses every attack', () => {
    const tally = { accepted: 0, refused: 0 };
    for (const { file, bytes, number, proof, wantError } of vectors('inclusion')) {
      const code = refusal(() =>
        verifyInclusion(number('leafIdx'), number('treeSize'), bytes('leafHash'), proof, bytes('root')),
      );
      expect({ file, refused: code !== undefined }).toEqual({ file, refused: wantError });
      tally[wantError ? 'refused' : 'accepted']++;
    }
    expect(tally.accepted).toBeGreaterThan(5);
    expect(tally.refused).toBeGreaterThan(80);
  });

  it('consistency: accepts what is proven and refuses every attack', () => {
    const tally = { accepted: 0, refused: 0 };
    for (const { file, bytes, number, proof, wantError } of vectors('consistency')) {
      const code = refusal(() =>
        verifyConsistency(number('size1'), number('size2'), proof, bytes('root1'), bytes('root2')),
      );
      expect({ file, refused: code !== undefined }).toEqual({ file, refused: wantError });
      tally[wantError ? 'refused' : 'accepted']++;
    }
    expect(tally.accepted).toBeGreaterThan(4);
    expect(tally.refused).toBeGreaterThan(80);
  });
});
