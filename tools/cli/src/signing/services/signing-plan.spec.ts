import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serializeSigningConfig, serializeTrustedRoot, type SigningConfig } from '@sigstead/trust';
import type { SigningOptions } from '../options.ts';
import { findSigningPlan, type SigningPlan } from './signing-plan.ts';

let folder: string;
let home: string;

const service = (url: string, majorApiVersion = 1) => ({ url, majorApiVersion, validFor: {}, operator: '' });
const config = (name: string, ...versions: number[]): SigningConfig => ({
  caUrls: [service(`https://${name}.test`)],
  oidcUrls: [],
  rekorTlogUrls: versions.map((version) => service(`https://log${version}.test`, version)),
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [],
});
const root = serializeTrustedRoot({
  tlogs: [],
  ctlogs: [],
  certificateAuthorities: [],
  timestampAuthorities: [],
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-plan-'));
  home = join(folder, 'home');
  await mkdir(join(home, 'trust'), { recursive: true });
  await writeFile(join(home, 'trust/signing_config.v0.2.json'), serializeSigningConfig(config('one', 1)));
  await writeFile(
    join(home, 'trust/signing_config_rekor_v2.v0.2.json'),
    serializeSigningConfig(config('two', 2)),
  );
  await writeFile(join(home, 'trust/trusted_root.json'), root);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const find = (
  options: Partial<SigningOptions> = {},
  environment: NodeJS.ProcessEnv = { SIGSTEAD_HOME: home },
  isStackNamed = false,
): Promise<SigningPlan | undefined> =>
  findSigningPlan({ output: 'text', ...options }, { environment, isStackNamed });
const caOf = (plan: SigningPlan | undefined) => plan?.config.caUrls[0]?.url;
const trust = (name: string) => join(home, 'trust', name);

describe('findSigningPlan', () => {
  it('takes what the stack keeps in its folder, by the version of the log', async () => {
    expect(caOf(await find())).toBe('https://one.test');
    expect(caOf(await find({ rekorVersion: '1' }))).toBe('https://one.test');
    expect(caOf(await find({ rekorVersion: '2' }))).toBe('https://two.test');
    expect((await find())?.file).toBe(trust('signing_config.v0.2.json'));
  });

  it('takes options before variables before folders', async () => {
    const given = join(folder, 'given.json');
    await writeFile(given, serializeSigningConfig(config('given', 1)));
    const environment = {
      SIGSTEAD_SIGNING_CONFIG: trust('signing_config_rekor_v2.v0.2.json'),
      SIGSTEAD_TRUSTED_ROOT: trust('trusted_root.json'),
    };
    expect(caOf(await find({ signingConfig: given }, environment))).toBe('https://given.test');
    expect(caOf(await find({}, environment))).toBe('https://two.test');
    // The file beside it is of the other version.
    expect(caOf(await find({ rekorVersion: '1' }, environment))).toBe('https://one.test');
  });

  it('leaves it to a signer service where there is nothing, and where one is named', async () => {
    expect(await find({}, { SIGSTEAD_HOME: join(folder, 'nowhere') })).toBeUndefined();
    expect(await find({ signer: 'https://signer.test' })).toBeUndefined();
    // Whoever names a stack does not mean the one in this folder.
    expect(await find({}, {}, true)).toBeUndefined();
  });

  it('takes logs of one version out of a configuration that has both', async () => {
    const given = join(folder, 'both.json');
    await writeFile(given, serializeSigningConfig(config('both', 1, 2)));
    const options = { signingConfig: given, trustedRoot: trust('trusted_root.json') };
    const plan = await find({ ...options, rekorVersion: '1' });
    expect(plan?.config.rekorTlogUrls.map(({ majorApiVersion }) => majorApiVersion)).toEqual([1]);
    await writeFile(given, serializeSigningConfig(config('one', 1)));
    await expect(find({ ...options, rekorVersion: '2' })).rejects.toThrow('names no log of Rekor v2');
  });

  it('takes single URLs, each that is needed', async () => {
    const named = { fulcioUrl: 'http://ca.test/', rekorUrl: 'http://log.test' };
    const trustedRoot = trust('trusted_root.json');
    const plan = await find({ ...named, trustedRoot, timestampServerUrl: 'http://tsa.test/ts' });
    expect(plan?.config).toMatchObject({
      caUrls: [{ url: 'http://ca.test' }],
      rekorTlogUrls: [{ url: 'http://log.test', majorApiVersion: 1 }],
      tsaUrls: [{ url: 'http://tsa.test/ts' }],
    });
    const byKey = await find({ rekorUrl: 'http://log.test', key: 'k', trustedRoot, rekorVersion: '2' });
    expect(byKey?.config).toMatchObject({ caUrls: [], rekorTlogUrls: [{ majorApiVersion: 2 }] });
  });

  it.each<[string, Partial<SigningOptions>]>([
    ['--rekor-url', { fulcioUrl: 'http://ca.test' }],
    ['--fulcio-url, or --key', { rekorUrl: 'http://log.test' }],
    ['--fulcio-url and --rekor-url', { useSigningConfig: false }],
    ['in the place of --signing-config', { rekorUrl: 'http://log.test', signingConfig: 'x' }],
    ['--tlog-upload=false is refused', { tlogUpload: false }],
    ['want http', { rekorUrl: 'log.test', fulcioUrl: 'http://ca.test' }],
  ])('is wrong usage: %s', async (message, options) => {
    await expect(find(options)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  it.each([{ signingConfig: '/nowhere/config.json' }, { trustedRoot: '/nowhere/root.json' }])(
    'says which file cannot be read: %j',
    async (options) => {
      const message = expect.stringMatching(/"\/nowhere\/.*cannot be read \(ENOENT\)/);
      await expect(find(options)).rejects.toMatchObject({ exitCode: 1, message });
    },
  );

  it('judges by a trusted root and by nothing else', async () => {
    await rm(trust('trusted_root.json'));
    await expect(find()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('no trusted root'),
    });
    const bytes = await readFile(trust('signing_config.v0.2.json'));
    await writeFile(trust('trusted_root.json'), bytes);
    await expect(find()).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('not usable'),
    });
  });
});
