import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogError } from '../errors.ts';
import { makeAuthority } from '../testonly/authority.ts';
import { extension, signOddLeaf } from '../testonly/odd-certificates.ts';
import { Certificate } from '@sigstead/x509';
import { RootsFile } from './roots-file.ts';

let directory: string;
let path: string;
const [first, second] = [await makeAuthority(), await makeAuthority()];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-roots-'));
  path = join(directory, 'roots.pem');
  await writeFile(path, first.root.toPem());
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const rawOf = (file: RootsFile): Uint8Array[] => file.roots.certificates.map(({ raw }) => raw);

async function refusal(at = path): Promise<string> {
  try {
    await RootsFile.open('ct-2026', at);
  } catch (error) {
    if (error instanceof LogError && error.code === 'CONFIGURATION') return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a file of roots', () => {
  it('holds the self-issued certificates, each once: a chain file is one', async () => {
    await writeFile(path, [first.intermediate, first.root, first.root].map((each) => each.toPem()).join(''));
    expect(rawOf(await RootsFile.open('ct-2026', path))).toEqual([first.root.raw]);
  });

  it.each<[string, string, RegExp]>([
    ['is empty', '', /roots of log ct-2026: /],
    ['is no PEM', 'roots', /roots of log ct-2026: /],
    ['has no root', first.intermediate.toPem(), /none of the certificates is self-issued/],
    ['is cut short', first.root.toPem().slice(0, 200), /roots of log ct-2026: /],
    ['is huge', 'x'.repeat(300_000), /more than 262144 bytes/],
  ])('is refused at the start when it %s', async (_, content, reason) => {
    await writeFile(path, content);
    expect(await refusal()).toMatch(reason);
  });

  it('is refused with a self-issued certificate that is no CA', async () => {
    const der = await signOddLeaf(first.root, first.rootSigner, {
      issuerName: Uint8Array.of(0x30, 0),
      extensions: [extension('1.2.3', Uint8Array.of(5, 0))],
    });
    await writeFile(path, Certificate.parse(der).toPem());
    expect(await refusal()).toMatch(/is self-issued and not a CA/);
  });

  it('is refused when it is missing, a folder, or a pipe that nobody writes into', async () => {
    expect(await refusal(join(directory, 'nothing'))).toMatch(/cannot be read/);
    expect(await refusal(directory)).toMatch(/not in a regular file/);
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await refusal(pipe)).toMatch(/not in a regular file/);
  });
});

describe('a file of roots that changes', () => {
  it('counts from the next look on: added, replaced and taken away', async () => {
    const file = await RootsFile.open('ct-2026', path);
    expect(await file.look()).toBe(false);
    await writeFile(path, first.root.toPem() + second.root.toPem());
    expect(await file.look()).toBe(true);
    expect(rawOf(file)).toEqual([first.root.raw, second.root.raw]);
    await writeFile(join(directory, 'other'), second.root.toPem());
    await rename(join(directory, 'other'), path);
    expect(await file.look()).toBe(true);
    expect(rawOf(file)).toEqual([second.root.raw]);
    expect(await file.look()).toBe(false);
  });

  it('is found behind a link that leads elsewhere, as mounted secrets do', async () => {
    await writeFile(join(directory, 'other'), second.root.toPem());
    const link = join(directory, 'link');
    await symlink(path, link);
    const file = await RootsFile.open('ct-2026', link);
    await symlink(join(directory, 'other'), `${link}-new`);
    await rename(`${link}-new`, link);
    expect(await file.look()).toBe(true);
    expect(rawOf(file)).toEqual([second.root.raw]);
  });

  it('and is broken or missing takes no root away, tells why once, and counts again when mended', async () => {
    const file = await RootsFile.open('ct-2026', path);
    const told: string[] = [];
    file.watch({
      replaced: ({ certificates }) => void told.push(`${certificates.length} roots`),
      failed: (error) => void told.push((error as Error).message),
    });
    await writeFile(path, 'broken');
    for (let i = 0; i < 3; i++) expect(await file.look()).toBe(false);
    await rm(path);
    for (let i = 0; i < 3; i++) expect(await file.look()).toBe(false);
    expect(rawOf(file)).toEqual([first.root.raw]);
    expect(told).toEqual([expect.stringMatching(/PEM/), expect.stringMatching(/ENOENT/)]);
    await writeFile(path, second.root.toPem());
    expect(await file.look()).toBe(true);
    expect(rawOf(file)).toEqual([second.root.raw]);
    expect(told.at(-1)).toBe('1 roots');
    file.close();
  });

  it('is looked at by itself while it is watched', async () => {
    const file = await RootsFile.open('ct-2026', path);
    const replaced = new Promise<number>((resolve) =>
      file.watch({ replaced: ({ certificates }) => resolve(certificates.length), failed: () => undefined }),
    );
    await writeFile(path, first.root.toPem() + second.root.toPem());
    expect(await replaced).toBe(2);
    file.close();
  });
});
