import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { keySourceOf, managedKey, SigningError } from '@sigstead/signing';
import { CliError } from '../../cli-error.ts';
import { workOff, type Wanted } from './signing-run.ts';

const key = managedKey(PrivateKeySigner.generate('P-256'));
let lent = 0;
const keys = {
  hash: 'sha256',
  lend: <T>(use: (source: ReturnType<typeof keySourceOf>) => Promise<T>): Promise<T> => {
    lent += 1;
    return use(keySourceOf(key));
  },
} as const;
let out: string[] = [];
let err: string[] = [];

beforeEach(() => {
  lent = 0;
  out = [];
  err = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => (out.push(String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => (err.push(String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
});

const run = (wanted: readonly Wanted<string>[]): Promise<void> =>
  workOff({
    wanted,
    keys,
    output: 'json',
    sign: async (_key, piece) => {
      // What is begun first is ready last.
      if (piece === 'root') await later();
      if (piece === 'log down') throw new SigningError('log', 'CALL_FAILED', 'the log is down');
      if (piece === 'disk full') throw new CliError('x.json cannot be written (ENOSPC)');
      if (piece === 'defect') throw new TypeError('a defect');
      return { name: piece };
    },
  });
const later = async (): Promise<void> => {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
};
const lines = () => out.map((line): unknown => JSON.parse(line));
const one = (name: string): Wanted<string> => ({ name, pieces: [name] });

describe('workOff', () => {
  it('signs an index with what is below it, and tells it as one', async () => {
    await run([{ name: 'index', pieces: ['root', 'a', 'b'] }, one('plain')]);
    expect(lines()).toEqual([{ name: 'root', children: [{ name: 'a' }, { name: 'b' }] }, { name: 'plain' }]);
    expect(lent).toBe(1);
  });

  it('lets what fails take nothing else along', async () => {
    const missing: Wanted<string> = {
      name: 'missing',
      pieces: { failure: { step: 'resolve', message: 'no such image' } },
    };
    const wanted = [one('a'), missing, one('log down'), { name: 'i', pieces: ['x', 'disk full'] as const }];
    await expect(run(wanted)).rejects.toMatchObject({ exitCode: 1, message: '3 of 4 are not signed' });
    expect(lines()).toEqual([
      { name: 'a' },
      { artifact: 'missing', error: { step: 'resolve', message: 'no such image' } },
      { artifact: 'log down', error: { step: 'log', message: 'the log is down' } },
      { artifact: 'i', error: { message: 'x.json cannot be written (ENOSPC)' } },
    ]);
    expect(err).toContain('Error: signing missing: step resolve: no such image\n');
  });

  it('asks for no key when there is nothing to sign', async () => {
    const pieces = { failure: { step: 'resolve', message: 'no such image' } };
    await expect(run([{ name: 'missing', pieces }])).rejects.toThrow(
      'signing missing: step resolve: no such',
    );
    expect(lent).toBe(0);
  });

  it('passes a defect of our own on', async () => {
    await expect(run([one('a'), one('defect')])).rejects.toThrow(TypeError);
  });

  it('begins nothing more when it is interrupted, and finishes what is begun', async () => {
    const many = Array.from({ length: 40 }, (_, at) => one(`n${at}`));
    let begun = 0;
    const finished: string[] = [];
    const working = workOff({
      wanted: many,
      keys,
      output: 'text',
      sign: async (_key, piece) => {
        if (++begun === 16) process.emit('SIGINT');
        await new Promise((resolve) => setImmediate(resolve));
        finished.push(piece);
        return { name: piece, logIndex: 1 };
      },
    });
    await expect(working).rejects.toMatchObject({
      exitCode: 130,
      message: 'interrupted: 16 of 40 are signed; signing again is safe',
    });
    expect([begun, finished.length]).toEqual([16, 16]);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});
