import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool } from '@sigstead/postgres';
import type { RevocationTarget } from '@sigstead/revocation';
import type { CertificateEntry } from '../record/issuance-record.ts';
import { makeTestChain, type TestChain } from '../testonly/test-authority.ts';
import { ISSUER, makeEntry } from '../testonly/test-certificates.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { RevocationRegister, type RecordedRevocation } from './revocation-register.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000);

let database: TestDatabase;
let chain: TestChain;
let pool: ReturnType<typeof createPool>;
let register: RevocationRegister;

beforeAll(async () => {
  [database, chain] = await Promise.all([TestDatabase.start(), makeTestChain(NOW)]);
  pool = createPool({ url: database.revokerUrl, applicationName: 'test', max: 8 });
  register = new RevocationRegister(pool);
}, 60_000);

afterAll(async () => {
  await pool?.end();
  await database?.stop();
});

let keys = 0;
/** A key nobody else of this file revokes. */
const freshKey = (): RevocationTarget => ({ kind: 'key', keyHash: new Uint8Array(32).fill(++keys) });

function revocation(
  target: RevocationTarget,
  changes: Partial<RecordedRevocation> = {},
): Omit<RecordedRevocation, 'sequence'> {
  const made = { from: NOW, reason: 'keyCompromise', revokedAt: minutes(5) } as const;
  return { target, ...made, comment: 'stolen', revokedBy: 'ada', ...changes };
}

describe('the register of revocations', () => {
  it('keeps every kind as it came, in order', async () => {
    const { certificate } = await makeEntry(chain, NOW);
    const authorityKeyId = chain.intermediate.spkiHash;
    const targets: RevocationTarget[] = [
      { kind: 'serial', serialNumber: certificate.serialNumber, authorityKeyId },
      freshKey(),
      { kind: 'identity', identity: 'ü'.repeat(4000) },
      { kind: 'identity', identity: 'x', issuer: ISSUER },
      { kind: 'authority', authorityKeyId: new Uint8Array(32).fill(0xcc) },
    ];
    const before = await register.latestSequence();
    for (const [i, target] of targets.entries()) {
      expect(await register.add(revocation(target))).toEqual({ sequence: before + i + 1, isNew: true });
    }
    expect((await register.all()).slice(before)).toEqual(
      targets.map((target, i) => ({ ...revocation(target), sequence: before + i + 1 })),
    );
    expect(await register.latestSequence()).toBe(before + targets.length);
  });

  it('takes the same revocation once', async () => {
    const target = freshKey();
    const { sequence } = await register.add(revocation(target));
    const again = revocation(target, { comment: 'again', revokedBy: 'bob', revokedAt: minutes(6) });
    expect(await register.add(again)).toEqual({ sequence, isNew: false });
    expect(await register.add({ ...again, from: minutes(3) })).toEqual({ sequence, isNew: false });
    expect(await register.latestSequence()).toBe(sequence);
  });

  it('adds an earlier date, and another reason', async () => {
    const target = freshKey();
    const { sequence } = await register.add(revocation(target));
    const earlier = await register.add(revocation(target, { from: minutes(-1) }));
    expect(earlier).toEqual({ sequence: sequence + 1, isNew: true });
    const another = await register.add(revocation(target, { reason: 'superseded' }));
    expect(another).toEqual({ sequence: sequence + 2, isNew: true });
  });

  it('numbers without gaps when many revoke at once, and takes equal ones once', async () => {
    const before = await register.latestSequence();
    const targets = Array.from({ length: 6 }, freshKey);
    const added = await Promise.all(
      [...targets, ...targets].map((target) => register.add(revocation(target))),
    );
    expect(added.filter(({ isNew }) => isNew)).toHaveLength(6);
    expect(await register.latestSequence()).toBe(before + 6);
    expect((await register.all()).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: before + 6 }, (_, i) => i + 1),
    );
  });

  it('says when it is out of reach', async () => {
    await database.without(async () => {
      await expect(register.latestSequence()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(register.add(revocation(freshKey()))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
  }, 60_000);
});

describe('a certificate is concerned by the revocation of', () => {
  const targets: [string, (entry: CertificateEntry) => RevocationTarget][] = [
    [
      'its serial number',
      ({ certificate: { serialNumber }, authorityKeyId }) => ({
        kind: 'serial',
        serialNumber,
        authorityKeyId,
      }),
    ],
    ['its key', ({ certificate: { spkiHash } }) => ({ kind: 'key', keyHash: spkiHash })],
    ['its identity', ({ identity }) => ({ kind: 'identity', identity: identity.value })],
    [
      'its identity at its issuer',
      ({ identity, issuer }) => ({ kind: 'identity', identity: identity.value, issuer }),
    ],
    ['its authority', ({ authorityKeyId }) => ({ kind: 'authority', authorityKeyId })],
  ];

  it.each(targets)('%s', async (name, targetOf) => {
    const authorityKeyId = new Uint8Array(32).fill(targets.findIndex(([known]) => known === name));
    const entry = {
      ...(await makeEntry(chain, NOW, { identity: `https://example.com/${name}` })),
      authorityKeyId,
    };
    expect(await register.concerning(entry)).toEqual([]);
    const target = targetOf(entry);
    // From after its end it changes nothing for this certificate.
    await register.add(revocation(target, { from: minutes(11), revokedAt: minutes(11) }));
    expect(await register.concerning(entry)).toEqual([]);
    await register.add(revocation(target, { from: minutes(10), revokedAt: minutes(11) }));
    expect(await register.concerning(entry)).toMatchObject([{ target, from: minutes(10) }]);
  });

  it('nothing else', async () => {
    const entry = await makeEntry(chain, NOW, { identity: 'https://example.com/spared' });
    const { serialNumber } = entry.certificate;
    const other = new Uint8Array(32).fill(0xee);
    await register.add(revocation({ kind: 'serial', serialNumber, authorityKeyId: other }));
    await register.add(
      revocation({ kind: 'identity', identity: 'https://example.com/spared', issuer: 'https://x' }),
    );
    await register.add(revocation({ kind: 'identity', identity: 'https://example.com/spare' }));
    expect(await register.concerning(entry)).toEqual([]);
  });
});
