import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import type { TransparencyLogEntryJson } from '@sigstead/tlog';
import type { Ask } from './ask.ts';
import type { Proposal } from './face.ts';
import { Ledger } from './ledger.ts';
import { RekorV2Face } from './rekor-v2.ts';
import { answer, asked } from './testonly/answers.ts';
import { MadeLog, ORIGIN } from './testonly/made-log.ts';

let log: MadeLog;
let ask: Ask;
let face: RekorV2Face;
let proposal: Proposal;
/** What the log answers: the proposal is its second entry. */
let entry: TransparencyLogEntryJson;

beforeEach(async () => {
  log = new MadeLog();
  ask = await log.ask();
  face = new RekorV2Face(ORIGIN, log.signer.publicKey);
  for (let i = 0; i < 2; i++) {
    proposal = await face.propose();
    await ask(proposal.path, proposal.body);
  }
  entry = await log.prove(1);
});

afterEach(() => log.close());

const read = (status: number, body: unknown, headers = {}) =>
  proposal.read(answer(status, body, headers), ask);

describe('a Rekor v2 log under the hammer', () => {
  it('that is honest acknowledges an entry at its place', async () => {
    expect(await read(201, entry)).toMatchObject({ index: 1, isNew: undefined, head: { size: 2n } });
    expect(await face.head(ask)).toMatchObject({ size: 2n });
  });

  it('may say with 409 where an entry is that it has', async () => {
    expect(await read(409, '', { 'x-log-index': '1' })).toMatchObject({ index: 1, isNew: false });
    await expect(read(409, '', { 'x-log-index': '0' })).rejects.toThrow(/not what was sent/);
  });

  it.each<[string, (entry: TransparencyLogEntryJson) => TransparencyLogEntryJson, RegExp]>([
    ['a body that was not sent', (is) => ({ ...is, canonicalizedBody: 'e30=' }), /not what was sent/],
    ['another log ID', (is) => ({ ...is, logId: { keyId: 'AAAA' } }), /log ID AAAA/],
    [
      'another kind of entry',
      (is) => ({ ...is, kindVersion: { kind: 'dsse', version: '0.0.2' } }),
      /is a dsse 0.0.2/,
    ],
    ['another index than its proof', (is) => ({ ...is, logIndex: '0' }), /proof is for index 1/],
    ['a proof that proves nothing', withProof({ hashes: [encodeBase64(hashLeaf(encodeUtf8('x')))] }), /root/],
    ['a checkpoint of another tree size', withProof({ treeSize: '3' }), /another tree than its checkpoint/],
    ['a checkpoint nobody signed', withProof({ checkpoint: { envelope: `${ORIGIN}\n2\n` } }), /note/i],
  ])('is found out for %s', async (_, change, violation) => {
    await expect(read(201, change(entry))).rejects.toThrow(violation);
  });

  it('may not refuse a sound entry', async () => {
    await expect(read(400, 'no')).rejects.toThrow('a sound entry was answered with 400: no');
  });

  it('is found out for an entry that is another one later', async () => {
    const place = (await read(201, entry))!;
    await face.verifyAgain(ask, place);
    const changed = asked({ '/api/v2/log/entries?logIndex=1': answer(200, await log.prove(0)) });
    await expect(face.verifyAgain(changed, place)).rejects.toThrow('entry 1 is another one now');
  });

  it('is read by its tiles, each of which must be that of the entries', async () => {
    const head = (await face.head(ask))!;
    const ledger = new Ledger();
    await face.readTree([ask], head, ledger);
    expect([ledger.violations, ledger.entries]).toEqual([[], 2]);
    const wrong: Ask = async (path) => (path === '/tile/0/000.p/2' ? answer(200, 'x') : ask(path));
    await face.readTree([wrong], head, ledger);
    expect(ledger.violations).toEqual(['tile/0/000.p/2 has 1 bytes, want 64']);
  });
});

function withProof(
  change: Partial<TransparencyLogEntryJson['inclusionProof']>,
): (entry: TransparencyLogEntryJson) => TransparencyLogEntryJson {
  return (entry) => ({ ...entry, inclusionProof: { ...entry.inclusionProof, ...change } });
}
