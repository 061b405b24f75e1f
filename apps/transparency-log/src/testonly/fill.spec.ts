import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseCanonicalBody, rekorEntryTypes } from '@sigstead/tlog';
import { auditLog } from './audit.ts';
import { openReplica, temporaryDirectory, type Replica } from './engine.ts';
import { startTestPostgres, type TestDatabase, type TestPostgres } from './postgres.ts';
import { fill, type FillOptions, type FillProgress } from './fill.ts';
import { entryMaker } from './made-entries.ts';
import type { Submission } from '../engine/submission.ts';

describe('filling a log', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let replica: Replica;
  let make: () => Submission;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    database = await postgres.createDatabase();
    directory = await temporaryDirectory();
    replica = await openReplica({ databaseUrl: database.serviceUrl, anchorDirectory: directory.path });
    make = await entryMaker(new Date());
  }, 60_000);

  afterAll(async () => {
    await replica?.close();
    await postgres?.stop();
    await directory?.remove();
  });

  const run = (changes: Partial<FillOptions>) => {
    const progress: FillProgress[] = [];
    const { sequencer } = replica.log;
    const onProgress = (each: FillProgress) => void progress.push(each);
    const report = fill({
      sequencer,
      make,
      warmUp: 0,
      entries: 0,
      seconds: Infinity,
      inFlight: 512,
      onProgress,
      ...changes,
    });
    return report.then((report) => ({ report, progress }));
  };

  it('appends exactly so many entries, in full batches, and the tree is sound', async () => {
    const { report, progress } = await run({ entries: 8_300 });
    expect(report).toMatchObject({ entries: 8_300 });
    expect(progress.map(({ entries }) => entries)).toEqual([8_192, 8_300]);
    expect(report.p50).toBeLessThanOrEqual(report.p95);
    const { size, entries } = await auditLog(database.ownerUrl, 'test');
    expect(size).toBe(8_300);
    expect(new Set(entries).size).toBe(8_300);
    const largest = Math.max(...replica.observed.batches);
    expect(largest).toBe(256);
  });

  it('ends when its time is over', async () => {
    const { report } = await run({ entries: 1_000_000, seconds: 0.2, inFlight: 1 });
    expect(report.entries).toBeGreaterThan(0);
    expect(report.entries).toBeLessThan(1_000_000);
  });

  it('counts nothing that it appends to warm up', async () => {
    const { size: before } = await auditLog(database.ownerUrl, 'test');
    const { report, progress } = await run({ warmUp: 100, entries: 10 });
    expect(report.entries).toBe(10);
    expect(progress.map(({ entries }) => entries)).toEqual([10]);
    const { size } = await auditLog(database.ownerUrl, 'test');
    expect(size).toBe(before + 110);
  });

  it('makes entries that parse as they are stored, and are found by digest, certificate, name and issuer', () => {
    const { identity, searchKeys, encode } = make();
    const { entry, leafHash } = encode(0n, 0n);
    expect(leafHash).toEqual(identity);
    const { kind, apiVersion, spec } = parseCanonicalBody(entry);
    const parsed = rekorEntryTypes.find(kind, apiVersion)?.parse(spec);
    expect(parsed?.canonicalBody()).toEqual(entry);
    expect(parsed?.indexKeys()).toEqual(searchKeys);
    expect(searchKeys).toHaveLength(4);
  });
});
