import { expect, it } from '@jest/globals';
import type { FulcioClient } from '@sigstead/client';
import { RekorClient, RekorV2Client } from '@sigstead/client';
import type { Service, SigningConfig } from '@sigstead/trust';
import { chooseServices } from './choose-services.ts';
import { SigningError } from './errors.ts';
import { hasPromises } from './services.ts';

const now = new Date('2026-03-01T12:00:00Z');
const service = (
  url: string,
  majorApiVersion = 1,
  start = '2026-01-01T00:00:00Z',
  operator = '',
): Service => ({
  url,
  majorApiVersion,
  validFor: { start: new Date(start) },
  operator,
});
const config: SigningConfig = {
  caUrls: [service('https://ca.test')],
  oidcUrls: [],
  rekorTlogUrls: [service('https://v1.test'), service('https://v2.test', 2)],
  rekorTlogConfig: { selector: 'ANY' },
  tsaUrls: [service('https://tsa.test/api/v1/timestamp')],
  tsaConfig: { selector: 'ANY' },
};
const choose = (changed: Partial<SigningConfig> = {}, at = now) =>
  chooseServices(
    { ...config, ...changed },
    {
      fetch,
      timeoutsMs: { certificate: 1, timestamp: 2, log: 3 },
      trustedRoot: { tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] },
      clock: () => at,
    },
  );
const urls = (services: ReturnType<typeof choose>) =>
  services.logs.map(({ client }) => (client as RekorClient).options.baseUrl);

it('takes the highest version of the log there is, with its timestamp authority', () => {
  const services = choose();
  expect(services.logs[0]?.client).toBeInstanceOf(RekorV2Client);
  expect([urls(services), hasPromises(services)]).toEqual([['https://v2.test'], false]);
  expect(services.timestampAuthorities).toMatchObject([
    { options: { baseUrl: 'https://tsa.test/api/v1/timestamp', timeoutMs: 2 } },
  ]);
  expect((services.fulcio as FulcioClient).options).toMatchObject({
    baseUrl: 'https://ca.test',
    timeoutMs: 1,
  });
});

it('takes Rekor v1 when there is no other', () => {
  const services = choose({ rekorTlogUrls: [service('https://v1.test')], tsaUrls: [] });
  expect(services.logs[0]?.client).toBeInstanceOf(RekorClient);
  expect([hasPromises(services), services.timestampAuthorities]).toEqual([true, []]);
});

it('takes as many as the config says, one of each operator', () => {
  const logs = ['a', 'b', 'b', 'c'].map((operator, i) =>
    service(`https://${i}.test`, 2, undefined, operator),
  );
  expect(urls(choose({ rekorTlogUrls: logs, rekorTlogConfig: { selector: 'ALL' } }))).toHaveLength(3);
  expect(
    urls(choose({ rekorTlogUrls: logs, rekorTlogConfig: { selector: 'EXACT', count: 2 } })),
  ).toHaveLength(2);
});

it('needs no certificate authority: a managed key may sign', () => {
  expect(choose({ caUrls: [] }).fulcio).toBeUndefined();
});

it.each<[string, Partial<SigningConfig>]>([
  ['no log', { rekorTlogUrls: [] }],
  ['a log of an API nobody speaks', { rekorTlogUrls: [service('https://v3.test', 3)] }],
  ['a log of the future', { rekorTlogUrls: [service('https://v1.test', 1, '2027-01-01T00:00:00Z')] }],
  ['no word on how many logs', { rekorTlogConfig: undefined as never }],
  ['more logs than it has', { rekorTlogConfig: { selector: 'EXACT', count: 2 } }],
  ['no word on how many timestamp authorities', { tsaConfig: undefined as never }],
  ['a certificate authority of another API', { caUrls: [service('https://ca.test', 2)] }],
])('refuses a config with %s', (_name, changed) => {
  expect(() => choose(changed)).toThrow(SigningError);
  expect(() => choose(changed)).toThrow(/signing config has no usable/);
});
