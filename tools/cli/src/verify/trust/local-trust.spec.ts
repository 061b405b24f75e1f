import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasVectors, PUBLIC_GOOD_ROOT as PUBLIC } from '../../testonly/vectors.ts';
import { findTrust } from './local-trust.ts';

(hasVectors ? describe : describe.skip)('where trust comes from', () => {
  let directory: string;
  let kept: string;
  let own: string;
  let home: Record<string, string>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-trust-'));
    home = { SIGSTEAD_HOME: join(directory, 'home') };
    kept = join(directory, 'home', 'trust', 'trusted_root.json');
    own = join(directory, 'own.json');
    await mkdir(join(directory, 'home', 'trust'), { recursive: true });
    await copyFile(PUBLIC, kept);
    await copyFile(PUBLIC, own);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('is what options name, then a variable, then the folder of the stack', async () => {
    const variable = { ...home, SIGSTEAD_TRUSTED_ROOT: own };
    expect(await findTrust({ trustedRoot: [PUBLIC] }, variable)).toMatchObject({
      origin: PUBLIC,
      isFound: false,
    });
    expect(await findTrust({}, variable)).toMatchObject({ origin: own, isFound: false });
    expect(await findTrust({}, home)).toMatchObject({ origin: kept, isFound: true });
  });

  it('is nothing where there is none: no service is asked', async () => {
    expect(await findTrust({}, { SIGSTEAD_HOME: join(directory, 'nowhere') })).toBeUndefined();
  });

  it('can be several, each with a name of its own', async () => {
    const trust = await findTrust({ trustedRoot: [own], trustRoot: 'public-good' }, {});
    expect(trust?.roots.map(({ name }) => name)).toEqual(['own', 'public-good']);
    await expect(findTrust({ trustedRoot: [own, own] }, {})).rejects.toThrow('two trusted roots are called');
  });

  it('can be a client trust config', async () => {
    const config = join(directory, 'config.json');
    const signingConfig = {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: [],
      oidcUrls: [],
      rekorTlogUrls: [],
      tsaUrls: [],
      rekorTlogConfig: { selector: 'ANY' },
      tsaConfig: { selector: 'ANY' },
    };
    const document = {
      mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
      trustedRoot: JSON.parse(await readFile(PUBLIC, 'utf8')) as object,
      signingConfig,
    };
    await writeFile(config, JSON.stringify(document));
    expect((await findTrust({ trustConfig: config }, {}))?.roots[0]?.trustedRoot.tlogs).not.toEqual([]);
    await expect(findTrust({ trustConfig: own }, {})).rejects.toThrow('is no client trust config');
  });

  it('can be a list of roots, all of which must be usable', async () => {
    const list = join(directory, 'roots.yaml');
    await writeFile(
      list,
      'trustRoots:\n  - { name: acme, file: own.json }\n  - { name: public, publicGood: {} }\n',
    );
    const trust = await findTrust({ trustRoots: list, offline: true }, home);
    expect(trust).toMatchObject({ origin: 'trust root acme, trust root public' });
    await writeFile(list, 'trustRoots:\n  - { name: acme, file: none.json }\n');
    await expect(findTrust({ trustRoots: list }, home)).rejects.toThrow('none.json');
  });

  it('is never passed over when it is named and cannot be used', async () => {
    const nothing = join(directory, 'nothing.json');
    await expect(findTrust({ trustedRoot: [nothing] }, home)).rejects.toThrow('cannot be read (ENOENT)');
    await expect(findTrust({}, { ...home, SIGSTEAD_TRUSTED_ROOT: nothing })).rejects.toThrow('ENOENT');
    await writeFile(nothing, '{}');
    await expect(findTrust({ trustedRoot: [nothing] }, home)).rejects.toThrow('is no trusted root');
  });
});
