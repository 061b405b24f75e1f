import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@sigstead/encoding';
import { makeKey, SmallMirror, SmallRepository } from '@sigstead/tuf/testonly/small-repository';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nextDelayMs } from './refresh-loop.ts';
import { recordingLog, trustedRoot } from './testonly/material.ts';
import type { TrustRootSpec } from './trust-root-spec.ts';
import {
  openTrustRoots,
  readTrustRootSpecs,
  type TrustRoots,
  type TrustRootsOptions,
} from './trust-roots.ts';

const LATER = '2026-07-01T00:00:00Z';

let folder: string;
let now: Date;
let opened: TrustRoots[];
let looks: (() => Promise<void>)[];
let log: ReturnType<typeof recordingLog>;
let dialled: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trust-roots-'));
  now = new Date('2026-06-01T12:00:00Z');
  opened = [];
  looks = [];
  log = recordingLog();
  dialled = [];
});
afterEach(async () => {
  await Promise.all(opened.map((roots) => roots.close()));
  await rm(folder, { recursive: true });
});

async function open(
  specs: readonly TrustRootSpec[],
  options: Partial<TrustRootsOptions> = {},
): Promise<TrustRoots> {
  const roots = await openTrustRoots(specs, {
    clock: () => now,
    fetch: (url, init) => {
      dialled.push(url);
      return fetch(url, init);
    },
    cacheDirectory: join(folder, 'cache'),
    log,
    repeat: (look) => {
      looks.push(look);
      return () => undefined;
    },
    ...options,
  });
  opened.push(roots);
  return roots;
}

async function fileSpec(
  name: string,
  content = trustedRoot(`https://${name}.example`),
): Promise<TrustRootSpec & { path: string }> {
  const path = join(folder, `${name}.json`);
  await writeFile(path, content);
  return { name, source: 'file', path };
}

/** Those in use: name and log. */
const inUse = (roots: TrustRoots): string[] =>
  roots.current().map(({ name, trustedRoot: { tlogs } }) => `${name} ${tlogs[0]?.baseUrl}`);

/** A change counts when it is seen for the second time. */
async function settle(): Promise<void> {
  for (let count = 0; count < 2; count++) await Promise.all(looks.map((look) => look()));
}

describe('trust roots in files', () => {
  it('stand side by side, in their order', async () => {
    const roots = await open([await fileSpec('acme'), await fileSpec('partner')]);
    expect(inUse(roots)).toEqual(['acme https://acme.example', 'partner https://partner.example']);
    expect(roots.status()).toEqual(
      ['acme', 'partner'].map((name) => ({ name, usable: true, origin: 'file', since: now })),
    );
    roots.assertUsable();
    expect(dialled).toEqual([]);
  });

  it('are read again when they change, and the version with them', async () => {
    const acme = await fileSpec('acme');
    const roots = await open([acme]);
    const before = roots.version;
    await writeFile(acme.path, trustedRoot('https://newer.example'));
    expect(roots.version).toBe(before);
    await settle();
    expect(inUse(roots)).toEqual(['acme https://newer.example']);
    expect(roots.version).not.toBe(before);
    expect(log.lines).toEqual([expect.stringMatching(/^info: trusted root read anew/)]);
  });

  it('have the version of what they say, however it is written', async () => {
    const content = trustedRoot('https://acme.example');
    const one = await open([await fileSpec('acme', content)]);
    const rewritten = encodeUtf8(JSON.stringify(JSON.parse(new TextDecoder().decode(content))));
    const other = await open([await fileSpec('acme', rewritten)]);
    const renamed = await open([await fileSpec('partner', content)]);
    expect(other.version).toBe(one.version);
    expect(renamed.version).not.toBe(one.version);
  });

  it.each([
    ['is broken', '{', /is no trusted root/],
    ['is gone', undefined, /ENOENT/],
  ])('stay as they were when one %s, and the operator is told', async (_, content, reason) => {
    const acme = await fileSpec('acme');
    const roots = await open([acme]);
    if (content === undefined) await rm(acme.path);
    else await writeFile(acme.path, content);
    now = new Date('2026-06-01T12:05:00Z');
    await settle();
    expect(inUse(roots)).toEqual(['acme https://acme.example']);
    expect(roots.status()[0]?.fault).toEqual({ reason: expect.stringMatching(reason), since: now });
    expect(log.lines).toEqual([
      expect.stringMatching(/^error: trusted root cannot be used, the last good one stays/),
    ]);
    await fileSpec('acme');
    await roots.refresh();
    expect(roots.status()[0]?.fault).toBeUndefined();
  });

  it.each([
    ['absent', undefined, /trust root acme: .* cannot be read \(ENOENT\)/],
    ['no trusted root', '{"mediaType":"x"}', /trust root acme: .* is no trusted root: mediaType/],
    ['too large', ' '.repeat(4 * 1024 * 1024 + 1), /larger than/],
  ])('stop the start when one is %s', async (_, content, reason) => {
    const acme = await fileSpec('acme');
    if (content === undefined) await rm(acme.path);
    else await writeFile(acme.path, content);
    const attempt = open([await fileSpec('partner'), acme]);
    await expect(attempt).rejects.toMatchObject({
      name: 'TrustAccessError',
      code: 'CONFIG',
      message: reason,
    });
  });

  it('have names of their own', async () => {
    const acme = await fileSpec('acme');
    await expect(open([acme, acme])).rejects.toThrow(/two trust roots are called acme/);
  });

  it('are listed in a file', async () => {
    await fileSpec('acme');
    const list = join(folder, 'roots.yaml');
    await writeFile(list, 'trustRoots: [{ name: acme, file: acme.json }]');
    expect(inUse(await open(await readTrustRootSpecs(list)))).toEqual(['acme https://acme.example']);
    await expect(readTrustRootSpecs(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe('the public-good root', () => {
  it('ships with the program and is not dialled for', async () => {
    const roots = await open([{ name: 'public-good', source: 'public-good', refresh: false }]);
    expect(roots.current()[0]?.trustedRoot.certificateAuthorities[0]?.uri).toBe(
      'https://fulcio.sigstore.dev',
    );
    expect(roots.status()[0]).toMatchObject({ usable: true, origin: 'embedded' });
    expect([dialled, await readdir(folder)]).toEqual([[], []]);
  });

  it('is as shipped where nothing may be dialled', async () => {
    const roots = await open([{ name: 'public-good', source: 'public-good', refresh: true }], {
      offline: true,
    });
    expect(roots.status()[0]).toMatchObject({ usable: true, origin: 'embedded', fault: undefined });
    expect(dialled).toEqual([]);
  });

  it('is not trusted as shipped when newer was asked for and the mirror does not answer', async () => {
    const unreachable = async (): Promise<Response> => {
      throw new Error('no network');
    };
    const roots = await open([{ name: 'public-good', source: 'public-good', refresh: true }], {
      fetch: unreachable,
    });
    expect(roots.current()).toEqual([]);
    expect(() => roots.assertUsable()).toThrow(
      /public-good: https:.*15\.root\.json cannot be reached: no network/,
    );
  });
});

describe('a trust root from a TUF repository', () => {
  let repository: SmallRepository;
  let mirror: SmallMirror;
  let spec: TrustRootSpec;

  beforeEach(async () => {
    repository = new SmallRepository({ 'trusted_root.json': trustedRoot('https://one.example') }, LATER);
    mirror = await SmallMirror.serve(repository);
    const initialRoot = join(folder, 'initial.root.json');
    await writeFile(initialRoot, repository.files.get('1.root.json') as Uint8Array);
    spec = { name: 'partner', source: 'tuf', mirror: mirror.url, initialRoot };
  });
  afterEach(() => mirror.close());

  const publish = (baseUrl: string): void => {
    repository.targets.set('trusted_root.json', trustedRoot(baseUrl));
    repository.publish();
  };
  const cacheFile = async (): Promise<string> => {
    const [name = ''] = await readdir(join(folder, 'cache'));
    return join(folder, 'cache', name);
  };

  it('is fetched at the start', async () => {
    const roots = await open([spec]);
    expect(inUse(roots)).toEqual(['partner https://one.example']);
    expect(roots.status()).toEqual([
      {
        name: 'partner',
        usable: true,
        origin: 'mirror',
        since: now,
        expires: { role: expect.any(String), at: new Date(LATER) },
        fault: undefined,
      },
    ]);
  });

  it('stands beside others', async () => {
    const roots = await open([
      await fileSpec('acme'),
      spec,
      { name: 'pg', source: 'public-good', refresh: false },
    ]);
    expect(inUse(roots)).toEqual([
      'acme https://acme.example',
      'partner https://one.example',
      'pg https://rekor.sigstore.dev',
    ]);
  });

  it('comes with a signing configuration where there is one', async () => {
    const json = {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      rekorTlogConfig: { selector: 'ANY' },
      tsaConfig: { selector: 'ANY' },
    };
    repository.targets.set('signing_config.v0.2.json', encodeUtf8(JSON.stringify(json)));
    repository.publish();
    const roots = await open([spec]);
    expect(roots.current()[0]?.signingConfig).toMatchObject({ rekorTlogConfig: { selector: 'ANY' } });
  });

  it('is taken anew, and stays the same object when it has not changed', async () => {
    const roots = await open([spec]);
    const [before] = roots.current();
    repository.publish();
    await roots.refresh();
    expect(roots.current()[0]?.trustedRoot).toBe(before?.trustedRoot);
    publish('https://two.example');
    await roots.refresh();
    expect(inUse(roots)).toEqual(['partner https://two.example']);
  });

  it('is asked for again by itself', async () => {
    const again = new Promise<void>((resolve) => {
      mirror.intercept = (request) => {
        if (
          request.url === '/timestamp.json' &&
          mirror.requests.filter((path) => path === 'timestamp.json').length > 1
        )
          resolve();
        return false;
      };
    });
    await open([spec], { refreshEveryMs: 5 });
    await again;
  });

  it('is used from what was kept while the mirror is down, and the operator is told', async () => {
    await open([spec]);
    await mirror.close();
    const roots = await open([spec]);
    expect(inUse(roots)).toEqual(['partner https://one.example']);
    expect(roots.status()[0]).toMatchObject({
      usable: true,
      origin: 'cache',
      fault: { reason: expect.stringMatching(/cannot be reached/), since: now },
    });
  });

  it('is not there while the mirror is down and nothing was kept; then it is', async () => {
    mirror.intercept = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    const roots = await open([await fileSpec('acme'), spec]);
    expect(inUse(roots)).toEqual(['acme https://acme.example']);
    expect(roots.status()[1]).toMatchObject({ usable: false, origin: undefined });
    mirror.intercept = () => false;
    await roots.refresh();
    expect(inUse(roots)).toHaveLength(2);
  });

  it('is withdrawn when its metadata have expired, whoever keeps newer ones away', async () => {
    const roots = await open([spec]);
    const { version } = roots;
    await mirror.close();
    now = new Date('2026-07-01T00:00:00Z');
    expect(roots.current()).toEqual([]);
    expect(roots.version).not.toBe(version);
    expect(roots.status()[0]).toMatchObject({
      usable: false,
      fault: {
        reason: expect.stringMatching(
          /^(root|timestamp|snapshot|targets)\.json expired at 2026-07-01T00:00:00.000Z/,
        ),
      },
    });
    expect(() => roots.assertUsable()).toThrow(/no trusted root may be relied on \(partner: .* expired at/);
    await roots.refresh();
    expect((await open([spec])).current()).toEqual([]);
  });

  it('is withdrawn when the keys that vouched for it are', async () => {
    const roots = await open([spec]);
    repository.keys.targets = [makeKey()];
    repository.publishRoot();
    await roots.refresh();
    expect([roots.current(), roots.status()[0]?.fault?.reason]).toEqual([
      [],
      expect.stringMatching(/^targets\.json of version 1 is signed by 0 keys/),
    ]);
  });

  it('stays when the repository vouches for something else', async () => {
    const roots = await open([spec]);
    repository.targets.set('trusted_root.json', encodeUtf8('{}'));
    repository.publish();
    await roots.refresh();
    expect(inUse(roots)).toEqual(['partner https://one.example']);
    expect(roots.status()[0]?.fault?.reason).toMatch(/vouches for a file that cannot be used: mediaType/);
  });

  it('is not rolled back after a restart', async () => {
    const old = repository.files.get('timestamp.json') as Uint8Array;
    publish('https://two.example');
    await open([spec]);
    repository.files.set('timestamp.json', old);
    const roots = await open([spec]);
    expect(inUse(roots)).toEqual(['partner https://two.example']);
    expect(roots.status()[0]?.fault?.reason).toMatch(/^timestamp\.json of version 1 is older than version 2/);
  });

  describe('where nothing may be dialled', () => {
    it('is what was kept, and its end is told and not enforced', async () => {
      await open([spec]);
      dialled.length = 0;
      now = new Date('2027-01-01T00:00:00Z');
      const roots = await open([spec], { offline: true });
      await roots.refresh();
      expect([inUse(roots), dialled]).toEqual([['partner https://one.example'], []]);
      expect(roots.status()[0]).toMatchObject({
        usable: true,
        origin: 'cache',
        expires: { at: new Date(LATER) },
        fault: { reason: expect.stringMatching(/expired at 2026-07-01/), since: new Date(LATER) },
      });
    });

    it('is nothing when nothing was kept', async () => {
      const roots = await open([spec], { offline: true });
      expect(() => roots.assertUsable()).toThrow(
        /partner: nothing was kept of it, and nothing may be dialled/,
      );
      expect(mirror.requests).toEqual([]);
    });
  });

  describe('what is kept of it', () => {
    it('is one file under a name of ours, for its owner alone', async () => {
      await open([{ ...spec, mirror: `${mirror.url}/../..//` } as TrustRootSpec]);
      await open([spec]);
      const names = await readdir(join(folder, 'cache'));
      for (const name of names) expect(name).toMatch(/^partner-[0-9a-f]{16}\.json$/);
      expect((await stat(join(folder, 'cache', names[0] as string))).mode & 0o077).toBe(0);
    });

    it.each([
      ['no JSON', 'x'],
      ['another format', '{"format":2}'],
      ['no base64', '{"format":1,"roots":["?"]}'],
      ['empty', ''],
    ])('is passed over when it is %s', async (_, content) => {
      await open([spec]);
      await writeFile(await cacheFile(), content);
      expect(inUse(await open([spec]))).toEqual(['partner https://one.example']);
    });

    it('adds no trust', async () => {
      const rogue = new SmallRepository({ 'trusted_root.json': trustedRoot('https://rogue.example') }, LATER);
      const rogueMirror = await SmallMirror.serve(rogue);
      const rogueRoot = join(folder, 'rogue.root.json');
      await writeFile(rogueRoot, rogue.files.get('1.root.json') as Uint8Array);
      const rogueCache = join(folder, 'rogue');
      await open([{ ...spec, mirror: rogueMirror.url, initialRoot: rogueRoot } as TrustRootSpec], {
        cacheDirectory: rogueCache,
      });
      await rogueMirror.close();
      await open([spec]);
      const [name = ''] = await readdir(rogueCache);
      await writeFile(await cacheFile(), await readFile(join(rogueCache, name)));
      const roots = await open([spec], { offline: true });
      expect(roots.current()).toEqual([]);
      expect(log.lines.at(-2)).toMatch(/^warn: what was kept of a trust root is not used/);
    });

    it('is not needed', async () => {
      expect(inUse(await open([spec], { cacheDirectory: undefined }))).toEqual([
        'partner https://one.example',
      ]);
      await writeFile(join(folder, 'occupied'), '');
      const roots = await open([spec], { cacheDirectory: join(folder, 'occupied') });
      expect(inUse(roots)).toEqual(['partner https://one.example']);
      expect(log.lines.at(-1)).toMatch(
        /^warn: trust root cannot be kept for the next start .*(EEXIST|ENOTDIR)/,
      );
    });
  });

  it.each([
    ['absent', undefined, /cannot be read \(ENOENT\)/],
    ['none', '{}', /the initial root cannot be used: root\.json is no root metadata/],
  ])('needs an initial root that is not %s', async (_, content, reason) => {
    const initialRoot = join(folder, 'other.root.json');
    if (content !== undefined) await writeFile(initialRoot, content);
    const attempt = open([{ ...spec, initialRoot } as TrustRootSpec]);
    await expect(attempt).rejects.toMatchObject({ code: 'CONFIG', message: reason });
    expect(mirror.requests).toEqual([]);
  });
});

describe('refreshes', () => {
  it('are spread by a tenth, and come sooner after a failure', () => {
    const times = (random: number) => ({ everyMs: 1000, retryMs: 100, random: () => random });
    expect([nextDelayMs(times(0), 0), nextDelayMs(times(0.5), 0)]).toEqual([900, 1000]);
    expect(nextDelayMs(times(0.999), 9)).toBeCloseTo(110, 0);
    const patient = { everyMs: 3_600_000, retryMs: 60_000, random: () => 0.5 };
    expect([1, 2, 3, 20, 4000].map((failures) => nextDelayMs(patient, failures))).toEqual([
      250, 500, 1_000, 60_000, 60_000,
    ]);
  });
});
