import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findIdentityToken } from './identity-token.ts';

const NOWHERE = 'https://sigstead.invalid';

describe('findIdentityToken', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-token-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const fromFile = async (content: string | Uint8Array): Promise<string> => {
    const file = join(directory, 'token');
    await writeFile(file, content);
    return findIdentityToken(file, NOWHERE, {}, () => undefined);
  };

  it('reads a file and drops the space around', async () => {
    expect(await fromFile('\n eyJ.a.b\n')).toBe('eyJ.a.b');
  });

  it.each([
    ['nothing', ''],
    ['several words', 'ssh secret'],
    ['other alphabets', 's\u00e9cret'],
    ['bytes', new Uint8Array([0xff, 0x00, 0x01])],
    ['too much', 'secret'.repeat(100_000)],
  ])('refuses a file that holds %s, and says nothing of what is in it', async (_, content) => {
    await expect(fromFile(content)).rejects.toMatchObject({
      message: '--identity-token holds no token',
      exitCode: 2,
    });
  });

  it('refuses a folder and a file that is not there', async () => {
    for (const path of [directory, join(directory, 'none')]) {
      await expect(findIdentityToken(path, NOWHERE, {}, () => undefined)).rejects.toMatchObject({
        exitCode: 2,
      });
    }
  });

  it('takes the environment before others, and judges it alike', async () => {
    const given = (value: string) =>
      findIdentityToken(undefined, NOWHERE, { SIGSTORE_ID_TOKEN: value }, () => undefined);
    expect(await given('eyJ.a.b\n')).toBe('eyJ.a.b');
    await expect(given('a secret')).rejects.toThrow('SIGSTORE_ID_TOKEN holds no token');
  });

  it('names the variable of a request URL that is none', async () => {
    const environment = { ACTIONS_ID_TOKEN_REQUEST_URL: 'nope', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' };
    await expect(findIdentityToken(undefined, NOWHERE, environment, () => undefined)).rejects.toThrow(
      'ACTIONS_ID_TOKEN_REQUEST_URL is no URL',
    );
  });

  it('asks for one when there is none', async () => {
    await expect(findIdentityToken(undefined, NOWHERE, {}, () => undefined)).rejects.toMatchObject({
      exitCode: 2,
    });
  });
});
