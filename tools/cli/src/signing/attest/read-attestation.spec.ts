import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readAttestation, statementAbout } from './read-attestation.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigstead-attest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const NOW = new Date('2026-02-03T04:05:06Z');
const SUBJECT = { name: 'registry.test/app', digest: { sha256: '12'.repeat(32) } };
const file = async (content: unknown): Promise<string> => {
  const path = join(folder, 'file.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'other', digest: { sha256: '12'.repeat(32) } }],
  predicateType: 'https://sigstead.test/x',
  predicate: {},
};

describe('readAttestation', () => {
  it('reads a predicate with its type, or a statement', async () => {
    const predicate = await file({ a: 1 });
    expect(await readAttestation({ type: 'https://sigstead.test/x', predicate })).toEqual({
      kind: 'predicate',
      type: 'https://sigstead.test/x',
      predicate: { a: 1 },
    });
    const statement = await file(STATEMENT);
    expect(await readAttestation({ type: 'custom', statement })).toMatchObject({
      kind: 'statement',
      statement: { predicateType: STATEMENT.predicateType },
    });
  });

  it('wants one of the two', async () => {
    for (const both of [{}, { predicate: 'p', statement: 's' }])
      await expect(readAttestation({ type: 'custom', ...both })).rejects.toMatchObject({ exitCode: 2 });
    await expect(readAttestation({ type: 'custom', predicate: '/nowhere' })).rejects.toThrow('(ENOENT)');
  });

  it.each<[string, unknown]>([
    ['is no JSON object', []],
    ['_type', { ...STATEMENT, _type: 'https://sigstead.test/none' }],
    ['subject', { ...STATEMENT, subject: [] }],
  ])('refuses a statement that is not in-toto: %s', async (_name, content) => {
    await expect(readAttestation({ type: 'custom', statement: await file(content) })).rejects.toMatchObject({
      step: 'input',
      code: 'STATEMENT',
    });
  });
});

describe('statementAbout', () => {
  it('puts a predicate to a subject', async () => {
    const attestation = await readAttestation({ type: 'custom', predicate: await file('as it is') });
    const { payload, predicateType } = statementAbout(attestation, SUBJECT, NOW);
    expect(predicateType).toBe('https://cosign.sigstore.dev/attestation/v1');
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
      subject: [SUBJECT],
      predicate: { Data: 'as it is', Timestamp: '2026-02-03T04:05:06Z' },
    });
  });

  it('refuses a predicate that is not of its type', async () => {
    const attestation = await readAttestation({ type: 'slsaprovenance1', predicate: await file({ a: 1 }) });
    expect(() => statementAbout(attestation, SUBJECT, NOW)).toThrow('predicate.buildDefinition');
  });

  it('takes a statement that is about the subject, as it is', async () => {
    const attestation = await readAttestation({ type: 'custom', statement: await file(STATEMENT) });
    expect(new TextDecoder().decode(statementAbout(attestation, SUBJECT, NOW).payload)).toBe(
      JSON.stringify(STATEMENT),
    );
    const other = { ...SUBJECT, digest: { sha256: '34'.repeat(32) } };
    expect(() => statementAbout(attestation, other, NOW)).toThrow('not about registry.test/app');
  });
});
