import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { tarLayer } from './tar-layer.ts';

describe('an image layer of one file', () => {
  it.each([0, 1, 511, 512, 513])('unpacks with tar to its %i bytes', (length) => {
    const content = new Uint8Array(length).fill(0x61);
    const { compressed } = tarLayer('hello.txt', content);
    const { status, stdout } = spawnSync('tar', ['-xzO', '-f', '-', 'hello.txt'], { input: compressed });
    expect(status).toBe(0);
    expect(new Uint8Array(stdout)).toEqual(content);
  });

  it('is the gzip of its archive, whole blocks', () => {
    const { archive, compressed } = tarLayer('hello.txt', encodeUtf8('hello\n'));
    expect(new Uint8Array(gunzipSync(compressed))).toEqual(archive);
    expect(archive.length % 512).toBe(0);
  });

  it.each(['', 'x'.repeat(101)])('refuses a name that does not fit: %j', (name) => {
    expect(() => tarLayer(name, new Uint8Array())).toThrow(RangeError);
  });
});
