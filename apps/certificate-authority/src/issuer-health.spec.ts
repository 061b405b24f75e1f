import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IssuerSource } from '@sigstead/issuer-access';
import { createLog, createRegistry } from '@sigstead/server';
import { describeIssuerSource, measureIssuers } from './issuer-health.ts';

const GOOD = 'oidc-issuers: {"https://a.example": {client-id: sigstore, type: email}}';

let folder: string;
let file: string;
let source: IssuerSource;
let look: () => Promise<void>;
let now: Date;
const registry = createRegistry();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'issuer-health-'));
  file = join(folder, 'issuers.yaml');
  now = new Date('2026-03-01T12:00:00Z');
  await writeFile(file, GOOD);
  source = await IssuerSource.open(file, {
    fetch: () => Promise.reject(new Error('dialled')),
    clock: () => now,
    log: createLog('certificate-authority', 'silent'),
    repeat: (work) => {
      look = work;
      return () => undefined;
    },
  });
  registry.clear();
  measureIssuers(registry, source);
});
afterEach(async () => {
  await source.close();
  await rm(folder, { recursive: true });
});

async function change(content: string): Promise<void> {
  now = new Date('2026-03-01T12:05:00Z');
  await writeFile(file, content);
  await look();
  await look();
}

const metric = async (name: string): Promise<number> =>
  Number(new RegExp(`^${name} (.*)$`, 'm').exec(await registry.metrics())?.[1]);

describe('the health of the list of issuers', () => {
  it('tells what is in use', async () => {
    expect(describeIssuerSource(source.status())).toBe('1 of 2026-03-01T12:00:00.000Z');
    expect([await metric('sigstead_issuers'), await metric('sigstead_issuer_configuration_in_use')]).toEqual([
      1, 1,
    ]);
    expect(await metric('sigstead_issuer_configuration_read_timestamp_seconds')).toBe(1_772_366_400);
  });

  it('tells of a file that cannot be used, while the last good one is', async () => {
    await change('oidc-issuers: {}');
    expect(describeIssuerSource(source.status())).toMatch(
      /^1 of 2026-03-01T12:00:00\.000Z; the file cannot be used since 2026-03-01T12:05:00\.000Z: .*oidc-issuers/,
    );
    expect([await metric('sigstead_issuers'), await metric('sigstead_issuer_configuration_in_use')]).toEqual([
      1, 0,
    ]);
  });

  it('follows a change', async () => {
    await change(GOOD.replace('}}', '}, "https://b.example": {client-id: x, type: email}}'));
    expect(describeIssuerSource(source.status())).toBe('2 of 2026-03-01T12:05:00.000Z');
    expect([await metric('sigstead_issuers'), await metric('sigstead_issuer_configuration_in_use')]).toEqual([
      2, 1,
    ]);
  });
});
