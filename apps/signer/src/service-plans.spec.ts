import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serializeSigningConfig, type SigningConfig } from '@sigstead/trust';
import type { ServiceAddresses, SignerConfig } from './config.ts';
import { ServicePlans } from './service-plans.ts';

const service = (url: string, majorApiVersion: number) => ({
  url,
  majorApiVersion,
  validFor: {},
  operator: '',
});
const config = (version: number, ...more: number[]): SigningConfig => ({
  caUrls: [service('https://ca.test', 1)],
  oidcUrls: [],
  rekorTlogUrls: [version, ...more].map((one) => service(`https://log${one}.test`, one)),
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [service('https://tsa.test', 1)],
  tsaConfig: { selector: 'ANY' },
});
const access = {
  fetch,
  timeoutsMs: { certificate: 1, timestamp: 1, log: 1 },
  trustedRoot: () => ({ tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] }),
  clock: () => new Date('2026-03-01T12:00:00Z'),
};
const open = (services: ServiceAddresses, rekorVersion?: 1 | 2) =>
  ServicePlans.open(
    { services, rekorVersion, trustedRootFile: '', databaseUrl: undefined } satisfies SignerConfig,
    access,
  );

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plans-'));
});
afterAll(() => rm(directory, { recursive: true }));

const file = async (name: string, text: string) => {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
};

describe('ServicePlans', () => {
  it('has a plan for each log there is, and begins with the first', async () => {
    const both = {
      caUrl: 'http://ca',
      rekorUrl: 'http://v1',
      rekorV2Url: 'http://v2',
      tsaUrls: ['http://a', 'http://b'],
    };
    const plans = await open(both);
    expect([plans.versions, plans.defaultVersion]).toEqual([[1, 2], 1]);
    expect(plans.choose()).toMatchObject({
      logs: [{ version: 1, client: { options: { baseUrl: 'http://v1' } } }],
    });
    expect(plans.choose(2)).toMatchObject({
      logs: [{ version: 2, client: { options: { baseUrl: 'http://v2' } } }],
      timestampAuthorities: [{ options: { baseUrl: 'http://a' } }, { options: { baseUrl: 'http://b' } }],
    });
    expect((await open(both, 2)).defaultVersion).toBe(2);
  });

  it('has none for a log that is not there', async () => {
    const plans = await open({ caUrl: 'http://ca', rekorUrl: 'http://v1' });
    expect(plans.choose(2)).toBeUndefined();
    await expect(open({ caUrl: 'http://ca', rekorUrl: 'http://v1' }, 2)).rejects.toThrow('no Rekor v2 log');
  });

  it('reads signing configs, each for the highest version it names', async () => {
    const signingConfigFiles = [
      await file('v2.json', serializeSigningConfig(config(2, 1))),
      await file('v1.json', serializeSigningConfig(config(1))),
    ];
    const plans = await open({ signingConfigFiles });
    expect([plans.versions, plans.defaultVersion]).toEqual([[2, 1], 2]);
    expect(plans.choose()).toMatchObject({
      logs: [{ version: 2 }],
      fulcio: { options: { baseUrl: 'https://ca.test' } },
    });
  });

  it.each<[string, () => Promise<string[]>]>([
    ['that is not there', async () => [join(directory, 'absent.json')]],
    ['that is none', async () => [await file('broken.json', '{')]],
    [
      'without a log',
      async () => [await file('none.json', serializeSigningConfig({ ...config(1), rekorTlogUrls: [] }))],
    ],
    ['of a log nobody knows', async () => [await file('v3.json', serializeSigningConfig(config(3)))]],
    [
      'for a version that another is for',
      async () => [
        await file('one.json', serializeSigningConfig(config(1))),
        await file('two.json', serializeSigningConfig(config(1))),
      ],
    ],
  ])('refuses a signing config %s', async (_name, files) => {
    await expect(open({ signingConfigFiles: await files() })).rejects.toMatchObject({ name: 'ConfigError' });
  });
});
