import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { PrivateKeySigner } from '@sigstead/crypto';
import { admitEntry, buildEntryPolicy, type EntryPolicySettings } from '@sigstead/tlog';
import fc from 'fast-check';
import { hashedRekord } from '../testonly/entries.ts';
import { SOURCE_ARGUMENTS as execArgv } from '../testonly/service.ts';
import { AdmissionPool, type AdmissionPoolOptions } from './admission-pool.ts';
import type { AdmissionSettings } from './admit-by-api.ts';

const limits = { maxBytes: 64 * 1024, maxDepth: 16 };
const faulty = new URL('../testonly/faulty-worker.mjs', import.meta.url);

let opened: AdmissionPool[] = [];

afterEach(async () => {
  for (const pool of opened) await pool.close();
  opened = [];
});

const settings: AdmissionSettings = { api: 'rekor-v1', policy: {}, limits };

/** A pool with a log that admits by Rekor v1 and, unless told, by nobody's rules. */
function open({ policy = {}, ...options }: Partial<AdmissionPoolOptions & AdmissionSettings> = {}): {
  readonly admit: ReturnType<AdmissionPool['admitterOf']>;
} {
  const pool = new AdmissionPool({ threads: 1, execArgv, ...options });
  opened.push(pool);
  return { admit: pool.admitterOf({ ...settings, policy }) };
}

function bytesOf(entry: unknown): Uint8Array {
  return encodeUtf8(JSON.stringify(entry));
}

/** The same answer, or the same refusal with all that a caller is told of it. */
async function outcome(admit: () => unknown): Promise<unknown> {
  try {
    return { admitted: await admit() };
  } catch (error) {
    const { name, code, message, field } = error as Record<string, unknown>;
    return { constructor: (error as object).constructor.name, name, code, message, field };
  }
}

describe('AdmissionPool', () => {
  let entry: JsonObject;
  let shared: AdmissionPool;
  let pool: { readonly admit: ReturnType<AdmissionPool['admitterOf']> };

  beforeAll(async () => {
    entry = await hashedRekord('an artifact');
    shared = new AdmissionPool({ threads: 1, execArgv });
    pool = { admit: shared.admitterOf(settings) };
  });

  afterAll(async () => {
    await shared?.close();
  });

  const inThread = (body: Uint8Array, policy: EntryPolicySettings = {}): Promise<unknown> =>
    outcome(() => admitEntry(body, limits, buildEntryPolicy(policy)));

  it('admits what the core admits, with the same bytes and keys', async () => {
    const body = bytesOf(entry);
    const admitted = await outcome(() => pool.admit(body));
    expect(admitted).toEqual(await inThread(body));
    expect(admitted).toHaveProperty('admitted.canonicalBody');
  });

  it('law: says of any change to an entry what the core says', async () => {
    const text = JSON.stringify(entry);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.nat(40),
        fc.string({ maxLength: 40 }),
        async (at, length, inserted) => {
          const body = encodeUtf8(text.slice(0, at) + inserted + text.slice(at + length));
          expect(await outcome(() => pool.admit(body))).toEqual(await inThread(body));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('law: says of any JSON what the core says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const body = bytesOf(value);
        expect(await outcome(() => pool.admit(body))).toEqual(await inThread(body));
      }),
      { numRuns: 100 },
    );
  });

  it('judges by the policy it was given', async () => {
    const other = PrivateKeySigner.generate('P-256').publicKey.toPem();
    for (const policy of [
      { algorithms: ['ed25519-ph'] },
      { signers: { keys: [other], authorities: [] } },
    ] satisfies EntryPolicySettings[]) {
      const body = bytesOf(entry);
      const refused = await outcome(() => open({ policy }).admit(body));
      expect(refused).toMatchObject({ constructor: 'EntryPolicyError' });
      expect(refused).toEqual(await inThread(body, policy));
    }
  });

  it('leaves the body to its sender, and takes no more of its buffer', async () => {
    const whole = Buffer.concat([Buffer.alloc(100, 0xff), bytesOf(entry), Buffer.alloc(100, 0xff)]);
    const body = whole.subarray(100, whole.length - 100);
    expect(await pool.admit(body)).toBeDefined();
    expect(body.equals(bytesOf(entry))).toBe(true);
  });

  it('judges each of a mixed crowd by the rules of its own log', async () => {
    const body = bytesOf(entry);
    const pool = new AdmissionPool({ threads: 1, execArgv });
    opened.push(pool);
    const lax = pool.admitterOf(settings);
    const strict = pool.admitterOf({ ...settings, policy: { algorithms: ['ed25519-ph'] } });
    const v2 = pool.admitterOf({ ...settings, api: 'rekor-v2' });
    const answers = await Promise.all(
      [lax, strict, strict, lax, v2, lax].map((admit) => outcome(() => admit(body))),
    );
    expect(answers).toEqual([
      { admitted: expect.anything() },
      expect.objectContaining({ constructor: 'EntryPolicyError' }),
      expect.objectContaining({ constructor: 'EntryPolicyError' }),
      { admitted: expect.anything() },
      expect.objectContaining({ constructor: 'TlogError' }),
      { admitted: expect.anything() },
    ]);
  });

  it('refuses a policy that cannot be used when it is opened', () => {
    expect(() => open({ policy: { signers: { keys: ['no key'], authorities: [] } } })).toThrow(/PEM/);
  });
});

describe('a pool that has too much to do', () => {
  it('takes as many as it has room for, and the others are told to come again', async () => {
    const pool = open({ worker: faulty, maxPending: 3 });
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => pool.admit(encodeUtf8('x'))));
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array<string>(3).fill('fulfilled'),
      ...Array<string>(2).fill('rejected'),
    ]);
    expect(answers[4]).toMatchObject({ reason: { code: 'OVERLOADED' } });
    expect(await pool.admit(encodeUtf8('x'))).toBeDefined();
  });

  it('counts bytes as well, and takes one body whatever its size', async () => {
    const pool = open({ worker: faulty, maxPendingBytes: 10 });
    const large = pool.admit(new Uint8Array(100));
    await expect(pool.admit(new Uint8Array(1))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await large).toBeDefined();
  });
});

describe('a thread that fails', () => {
  it.each(['throw', 'exit', 'crash'])('by %s fails one entry, and the others are checked', async (how) => {
    const pool = open({ worker: faulty });
    const answers = await Promise.allSettled(
      ['a', how, 'b', 'c'].map((text) => pool.admit(encodeUtf8(text))),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const { reason } = answers[1] as PromiseRejectedResult;
    expect((reason as { code?: unknown }).code).not.toBe('OVERLOADED');
    expect(await pool.admit(encodeUtf8('later'))).toBeDefined();
  });

  it('because it cannot be loaded fails entries, not the process', async () => {
    const told: unknown[] = [];
    const worker = new URL('../testonly/no-worker.mjs', import.meta.url);
    const pool = open({ worker, onThreadError: (error) => told.push(error) });
    await expect(pool.admit(encodeUtf8('a'))).rejects.toThrow(/no-worker/);
    expect(told.map(String)).toEqual(told.map(() => expect.stringMatching(/no-worker/) as unknown));
  });
});
