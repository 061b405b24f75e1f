import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@sigstead/server';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PolicyWriters } from './policy-writers.ts';

describe('PolicyWriters', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'writers-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const read = async (content: string): Promise<PolicyWriters> => {
    const path = join(directory, 'tokens');
    await writeFile(path, content);
    return PolicyWriters.fromFile(path);
  };

  it('know who bears which token', async () => {
    const writers = await read('ada 0123456789abcdef\r\n\nbob  fedcba9876543210\n');
    expect(writers.authenticate('Bearer 0123456789abcdef')).toBe('ada');
    expect(writers.authenticate('bearer fedcba9876543210')).toBe('bob');
    for (const header of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Basic 0123456789abcdef',
      '0123456789abcdef',
      'Bearer ada 0123456789abcdef',
    ]) {
      expect(() => writers.authenticate(header)).toThrow(expect.objectContaining({ status: 401 }));
    }
  });

  it('have one who is called admin where the token stands alone', async () => {
    expect((await read('0123456789abcdef\n')).authenticate('Bearer 0123456789abcdef')).toBe('admin');
  });

  it('are nobody without a file', () => {
    expect(() => PolicyWriters.none.authenticate('Bearer 0123456789abcdef')).toThrow(
      expect.objectContaining({ status: 403 }),
    );
  });

  it.each([
    ['nothing', '\n'],
    ['a short token', 'ada secret'],
    ['three words', 'ada 0123456789abcdef x'],
    ['an author that is none', 'a/b 0123456789abcdef'],
    ['an author twice', 'ada 0123456789abcdef\nada fedcba9876543210'],
    ['a token twice', 'ada 0123456789abcdef\nbob 0123456789abcdef'],
    ['an overlong token', `ada ${'x'.repeat(600)}`],
    ['a token that no header can have', 'ada 0123456789abcdeé'],
    ['too many', Array.from({ length: 65 }, (_, at) => `a${at} 0123456789abcdef${at}`).join('\n')],
  ])('are not read from a file with %s, which is not quoted', async (_, content) => {
    const refused = expect(read(content)).rejects;
    await refused.toThrow(ConfigError);
    await expect(read(content)).rejects.not.toThrow(/secret|0123456789abcdef/);
  });

  it('are not read from a file that is not there', () => {
    expect(() => PolicyWriters.fromFile(join(directory, 'absent'))).toThrow(
      /POLICY_ADMIN_TOKEN_FILE cannot be read: ENOENT/,
    );
  });
});
