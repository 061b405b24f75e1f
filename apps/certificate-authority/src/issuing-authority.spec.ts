import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { ConfigError } from '@sigstead/server';
import { Certificate, oids } from '@sigstead/x509';
import { IssuingAuthority } from './issuing-authority.ts';
import { makeTestChain, TestFiles } from './testonly/test-authority.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const after = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);

let files: TestFiles;
beforeEach(async () => {
  files = await TestFiles.make();
});
afterEach(() => files.remove());

async function refusal(start: () => Promise<unknown> | unknown): Promise<string> {
  const error = await (async () => start())().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe('IssuingAuthority', () => {
  it.each(['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'] as const)(
    'opens an encrypted %s key with its chain',
    async (keyType) => {
      const { key, intermediate, root } = await makeTestChain(NOW, { keyType });
      const authority = await IssuingAuthority.open(
        await files.writeAuthority([intermediate, root], key),
        NOW,
      );
      expect(authority.chain).toHaveLength(2);
      expect(authority.notAfter).toEqual(after(24 * 60));
    },
  );

  it.each(['P-256', 'P-384'] as const)(
    'makes a CA of %s keys in memory and writes its chain',
    async (type) => {
      const chainFile = `${files.directory}/ephemeral.pem`;
      const source = { ephemeralKeyType: type, chainFile } as const;
      const authority = await IssuingAuthority.makeEphemeral(source, NOW, randomBytes);
      expect(authority.signer.publicKey.type).toBe(type);
      const written = Certificate.chainFromPem(await readFile(chainFile, 'utf8'));
      expect(written.map(({ raw }) => raw)).toEqual(authority.chain.map(({ raw }) => raw));
      const nowhere = { ...source, chainFile: `${files.directory}/missing/chain.pem` };
      expect(await refusal(() => IssuingAuthority.makeEphemeral(nowhere, NOW, randomBytes))).toMatch(
        /CA chain in .* is not usable/,
      );
    },
  );

  it('refuses a key that is not the one of the chain', async () => {
    const { rootKey, intermediate, root } = await makeTestChain(NOW);
    expect(await refusal(() => new IssuingAuthority(rootKey, [intermediate, root], NOW))).toMatch(
      /does not belong to .*issuing/,
    );
  });

  it('refuses a chain in the wrong order, incomplete, or with a stranger in it', async () => {
    const { key, rootKey, intermediate, root } = await makeTestChain(NOW);
    const other = await makeTestChain(NOW);
    expect(await refusal(() => new IssuingAuthority(key, [root, intermediate], NOW))).toMatch(
      /does not belong/,
    );
    expect(await refusal(() => new IssuingAuthority(rootKey, [root, intermediate], NOW))).toMatch(
      /not usable/,
    );
    expect(await refusal(() => new IssuingAuthority(key, [intermediate], NOW))).toMatch(/one certificate/);
    expect(await refusal(() => new IssuingAuthority(key, [intermediate, other.root], NOW))).toMatch(
      /not usable/,
    );
    expect(
      await refusal(() => new IssuingAuthority(key, [intermediate, other.intermediate, root], NOW)),
    ).toMatch(/do not belong to the path/);
  });

  it('refuses an issuing CA that is not for code signing', async () => {
    for (const extendedKeyUsages of [[], [oids.timeStamping]]) {
      const { key, intermediate, root } = await makeTestChain(NOW, { intermediate: { extendedKeyUsages } });
      expect(await refusal(() => new IssuingAuthority(key, [intermediate, root], NOW))).toMatch(
        /extended key usage/,
      );
    }
  });

  it('refuses a root that allows no CA below it', async () => {
    const { key, intermediate, root } = await makeTestChain(NOW, { root: { pathLength: 0 } });
    expect(await refusal(() => new IssuingAuthority(key, [intermediate, root], NOW))).toMatch(/not usable/);
  });

  it.each<[string, { notBefore?: Date; notAfter?: Date }, RegExp]>([
    ['has expired', { notAfter: after(-1) }, /valid until/],
    ['is not valid yet', { notBefore: after(1) }, /valid from/],
    [
      'ends before a certificate would',
      { notAfter: after(9) },
      /does not cover a certificate until 2026-03-01T12:10:00\.000Z/,
    ],
  ])('refuses a chain in which one %s', async (_name, validity, message) => {
    for (const who of ['root', 'intermediate'] as const) {
      const { key, intermediate, root } = await makeTestChain(NOW, { [who]: validity });
      expect(await refusal(() => new IssuingAuthority(key, [intermediate, root], NOW))).toMatch(message);
    }
  });

  it('starts when the chain just covers a certificate issued now', async () => {
    const { key, intermediate, root } = await makeTestChain(NOW, { intermediate: { notAfter: after(10) } });
    expect(new IssuingAuthority(key, [intermediate, root], NOW).notAfter).toEqual(after(10));
  });

  it('names the file that is unusable, and no secret', async () => {
    const { key, intermediate, root } = await makeTestChain(NOW);
    const paths = await files.writeAuthority([intermediate, root], key);
    expect(
      await refusal(() => IssuingAuthority.open({ ...paths, chainFile: '/nonexistent/chain.pem' }, NOW)),
    ).toMatch(/CA chain in \/nonexistent\/chain\.pem/);
    expect(await refusal(() => IssuingAuthority.open({ ...paths, keyFile: paths.chainFile }, NOW))).toMatch(
      /CA key in .*chain\.pem is not usable/,
    );
    const passphraseFile = await files.write('wrong', 'not the words\n');
    const message = await refusal(() => IssuingAuthority.open({ ...paths, passphraseFile }, NOW));
    expect(message).toMatch(/passphrase does not open/);
    expect(message).not.toContain('not the words');
    const chainFile = await files.write('not-a-chain', PrivateKeySigner.generate('P-256').publicKey.toPem());
    expect(await refusal(() => IssuingAuthority.open({ ...paths, chainFile }, NOW))).toMatch(
      /want CERTIFICATE/,
    );
  });
});
