import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IssuerFetch } from '@sigstead/oidc';
import { IssuerSource } from './issuer-source.ts';

const configuration = (...names: string[]): string =>
  [
    'oidc-issuers:',
    ...names.flatMap((name) => [
      `  https://${name}.example:`,
      `    issuer-url: https://${name}.example`,
      '    client-id: sigstore',
      '    type: email',
    ]),
    '',
  ].join('\n');

let folder: string;
let file: string;
let source: IssuerSource | undefined;
let now: Date;
let look: () => Promise<void>;
let repeating: boolean;
let lines: string[];
const dialled: string[] = [];

const fetch: IssuerFetch = async (url, _init, { issuerUrl }) => {
  dialled.push(url);
  const keys = [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'one' }];
  const document = url.endsWith('/keys') ? { keys } : { issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` };
  return new Response(JSON.stringify(document));
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'issuer-source-'));
  file = join(folder, 'issuers.yaml');
  now = new Date('2026-03-01T12:00:00Z');
  lines = [];
  dialled.length = 0;
  await writeFile(file, configuration('a', 'b'));
});
afterEach(async () => {
  await source?.close();
  source = undefined;
  await rm(folder, { recursive: true });
});

async function open(path = file): Promise<IssuerSource> {
  const line = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  source = await IssuerSource.open(path, {
    fetch,
    clock: () => now,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    repeat: (work) => {
      look = work;
      repeating = true;
      return () => {
        repeating = false;
      };
    },
  });
  return source;
}

/** A change counts when it is seen for the second time. */
async function settle(): Promise<void> {
  await look();
  await look();
}

const issuersOf = ({ configuration: { issuers } }: ReturnType<IssuerSource['current']>) =>
  issuers.map(({ issuerUrl }) => new URL(issuerUrl).hostname.replace('.example', '')).join(' ');

describe('the file of issuers', () => {
  it('is read at the start', async () => {
    const { status, current } = await open().then((opened) => ({
      status: opened.status(),
      current: opened.current(),
    }));
    expect(issuersOf(current)).toBe('a b');
    expect(status).toEqual({ issuers: 2, readAt: now, reloads: 0, fault: undefined });
    expect([lines, dialled]).toEqual([[], []]);
  });

  it.each([
    ['is absent', undefined, /cannot be read \(ENOENT\)/],
    ['is empty', '', /oidc-issuers/],
    ['has an unknown type', configuration('a').replace('email', 'e-mail'), /e-mail/],
    ['is too large', '#'.repeat(1024 * 1024 + 1), /larger than 1048576 bytes/],
  ])('stops the start when it %s', async (_, content, reason) => {
    await rm(file);
    if (content !== undefined) await writeFile(file, content);
    await expect(open()).rejects.toMatchObject({ name: 'OidcError', code: 'CONFIG', message: reason });
  });

  it('is never read beyond its bound, whatever the path names', async () => {
    await expect(open('/dev/zero')).rejects.toThrow(/larger than/);
  });

  it('is not waited for when it is a pipe that nobody writes to', async () => {
    await rm(file);
    execFileSync('mkfifo', [file]);
    await expect(open()).rejects.toThrow(/oidc-issuers/);
  });

  it('tells which keys mean nothing', async () => {
    await writeFile(file, configuration('a').replace('type:', 'tpye: x\n    type:'));
    await open();
    expect(lines).toEqual([expect.stringMatching(/^warn: .*tpye/)]);
  });
});

describe('a change of the file of issuers', () => {
  it.each<[string, () => Promise<void>]>([
    ['written in place', () => writeFile(file, configuration('a', 'c'))],
    [
      'renamed over it, as editors do',
      async () => {
        await writeFile(`${file}~`, configuration('a', 'c'));
        await rename(`${file}~`, file);
      },
    ],
    [
      'deleted and made anew',
      async () => {
        await rm(file);
        await look();
        await look();
        await writeFile(file, configuration('a', 'c'));
      },
    ],
  ])('%s is taken', async (_, change) => {
    const opened = await open();
    await change();
    now = new Date('2026-03-01T12:05:00Z');
    await settle();
    expect(issuersOf(opened.current())).toBe('a c');
    expect(opened.status()).toEqual({ issuers: 2, readAt: now, reloads: 1, fault: undefined });
    expect(lines.at(-1)).toMatch(/^info: issuer configuration read anew/);
  });

  it('is taken when Kubernetes swaps the folder of a ConfigMap', async () => {
    const mounted = join(folder, 'mounted');
    await mkdir(mounted);
    for (const [version, ...names] of [
      ['..1', 'a'],
      ['..2', 'b'],
    ] as const) {
      await mkdir(join(mounted, version));
      await writeFile(join(mounted, version, 'issuers.yaml'), configuration(...names));
    }
    await symlink('..1', join(mounted, '..data'));
    await symlink('..data/issuers.yaml', join(mounted, 'issuers.yaml'));
    const opened = await open(join(mounted, 'issuers.yaml'));
    expect(issuersOf(opened.current())).toBe('a');
    await symlink('..2', join(mounted, '..data_tmp'));
    await rename(join(mounted, '..data_tmp'), join(mounted, '..data'));
    await rm(join(mounted, '..1'), { recursive: true });
    await settle();
    expect(issuersOf(opened.current())).toBe('b');
  });

  it('is not taken while it is half written', async () => {
    const opened = await open();
    const whole = configuration('a', 'b', 'c');
    await writeFile(file, whole.slice(0, whole.indexOf('  https://b')));
    await look();
    await writeFile(file, whole);
    await look();
    expect([issuersOf(opened.current()), opened.status().reloads]).toEqual(['a b', 0]);
    await look();
    expect([issuersOf(opened.current()), opened.status().reloads]).toEqual(['a b c', 1]);
  });

  it('is not taken where there is none: touching it does nothing', async () => {
    const opened = await open();
    const pool = opened.current();
    await writeFile(file, configuration('a', 'b'));
    await settle();
    expect(opened.current()).toBe(pool);
    expect(lines).toEqual([]);
  });

  it.each<[string, RegExp, () => Promise<void>]>([
    ['cannot be parsed', /oidc-issuers|YAML|line/i, () => writeFile(file, 'oidc-issuers: [')],
    ['has a bad value', /e-mail/, () => writeFile(file, configuration('a').replace('email', 'e-mail'))],
    ['is gone', /ENOENT/, () => rm(file)],
    ['is empty', /oidc-issuers/, () => truncate(file)],
    ['has become a folder', /EISDIR/, () => rm(file).then(() => mkdir(file))],
  ])('to what %s keeps the last good one and is told once', async (_, reason, change) => {
    const opened = await open();
    const pool = opened.current();
    await change();
    now = new Date('2026-03-01T12:05:00Z');
    await settle();
    expect(opened.current()).toBe(pool);
    expect(opened.status()).toMatchObject({
      issuers: 2,
      reloads: 0,
      fault: { reason: expect.stringMatching(reason), since: now },
    });
    now = new Date('2026-03-01T12:10:00Z');
    await settle();
    expect(lines).toEqual([
      expect.stringMatching(/^error: issuer configuration cannot be used, the last good/),
    ]);
    await rm(file, { recursive: true, force: true });
    await writeFile(file, configuration('a', 'b'));
    await settle();
    expect(opened.status()).toMatchObject({ reloads: 1, readAt: now, fault: undefined });
    expect(lines.at(-1)).toMatch(/^info/);
  });

  it('asks no issuer again that is dialled as before', async () => {
    const opened = await open();
    const ask = async (...names: string[]): Promise<string[]> => {
      dialled.length = 0;
      for (const name of names) await opened.current().find(`https://${name}.example`)?.provider.current();
      return dialled.map((url) => new URL(url).hostname);
    };
    expect(await ask('a', 'b')).toEqual(['a.example', 'a.example', 'b.example', 'b.example']);
    await writeFile(file, configuration('c', 'b', 'a').replaceAll('client-id: sigstore', 'client-id: other'));
    await settle();
    expect(opened.current().find('https://b.example')?.config.clientId).toBe('other');
    expect(await ask('a', 'b', 'c')).toEqual(['c.example', 'c.example']);
  });

  it('is looked for one look at a time, and no more once it is closed', async () => {
    const opened = await open();
    await writeFile(file, configuration('c'));
    await Promise.all([look(), look(), look(), look()]);
    expect(issuersOf(opened.current())).toBe('a b');
    await opened.close();
    expect(repeating).toBe(false);
  });
});
