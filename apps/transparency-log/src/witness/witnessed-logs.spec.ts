import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import {
  noteKeyOf,
  noteVerifierOf,
  parseSignedNote,
  parseVerifierKey,
  verifyCheckpointNote,
  type NoteKey,
} from '@sigstead/tlog';
import { POISON_EXTENSION } from '@sigstead/x509';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLogsFile } from '../config.ts';
import { CtStage } from '../testonly/ct-stage.ts';
import { hashedRekordRequest } from '../testonly/rekor-v2-requests.ts';
import { ORIGIN, RekorV2Stage } from '../testonly/rekor-v2-stage.ts';
import { WitnessServer } from '../testonly/witness-server.ts';
import { openWitnesses } from './open-witnesses.ts';

const CT_ORIGIN = 'ct.example.com/ctlog/2026';
const TIMEOUT_MS = 10_000;

let directory: string;
let witness: WitnessServer;
let witnesses: { policyFile: string; timeoutMs: number; onMissing: 'refuse' };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-witness-'));
  witness = await WitnessServer.start('witness.example/w1', []);
  const policyFile = join(directory, 'policy');
  await writeFile(policyFile, `${witness.policyLine}quorum ${witness.name}\n`);
  witnesses = { policyFile, timeoutMs: TIMEOUT_MS, onMissing: 'refuse' };
});

afterAll(async () => {
  await witness.close();
  await rm(directory, { recursive: true });
});

/** Names of the signers, each once it is verified. */
function signersOf(note: string, ...keys: readonly NoteKey[]): string[] {
  const { body, signatures } = parseSignedNote(note);
  const known = [...keys, parseVerifierKey(witness.verifierKey) as NoteKey];
  return signatures.map(({ name, keyHint, signature }) => {
    const key = known.find((each) => each.name === name && Buffer.compare(each.keyHint, keyHint) === 0);
    return `${key?.algorithm} ${name} ${key?.verify(encodeUtf8(body), signature)}`;
  });
}

describe('a Rekor v2 log with a witness', () => {
  let stage: RekorV2Stage;
  let logKey: NoteKey;

  beforeAll(async () => {
    stage = new RekorV2Stage({ logs: [{ origin: ORIGIN, settings: { witnesses } }] });
    await stage.start();
    logKey = noteVerifierOf(ORIGIN, stage.keyOf(ORIGIN));
  }, 60_000);

  afterAll(() => stage.stop());

  const cosigned = [`ed25519 ${ORIGIN} true`, 'cosignature witness.example/w1 true'];
  const checkpoint = async (): Promise<string> => (await stage.get('/checkpoint')).text();

  it('takes no entry before the witness knows it, where a quorum must be met', async () => {
    const request = await hashedRekordRequest('too early');
    const response = await stage.post('/api/v2/log/entries', request);
    expect([response.status, await response.json()]).toMatchObject([503, { code: 14 }]);
    witness.trust(logKey);
    expect((await stage.create(request)).logIndex).toBe('0');
  });

  it('answers with a checkpoint that the witness has cosigned, and shows the same one', async () => {
    const entry = await stage.create(await hashedRekordRequest('a'));
    stage.verify(entry);
    const note = entry.inclusionProof.checkpoint.envelope;
    expect(signersOf(note, logKey)).toEqual(cosigned);
    expect(await checkpoint()).toBe(note);
  });

  it('gives the witness a head that covers every entry it answered for', async () => {
    const requests = await Promise.all(
      Array.from({ length: 20 }, (_, at) => hashedRekordRequest(`many ${at}`)),
    );
    const entries = await Promise.all(requests.map((request) => stage.create(request)));
    for (const entry of entries) {
      stage.verify(entry);
      expect(signersOf(entry.inclusionProof.checkpoint.envelope, logKey)).toEqual(cosigned);
    }
    const newest = Math.max(...entries.map(({ logIndex }) => Number(logIndex)));
    expect(Number(witness.sizeOf(ORIGIN))).toBeGreaterThan(newest);
  });

  it('shows the same checkpoint after a restart, and goes on from there', async () => {
    const before = await checkpoint();
    await stage.close();
    await stage.open();
    expect(await checkpoint()).toBe(before);
    const entry = await stage.create(await hashedRekordRequest('after the restart'));
    expect(signersOf(entry.inclusionProof.checkpoint.envelope, logKey)).toEqual(cosigned);
  });

  it('counts what its witness does', async () => {
    const metrics = await (await stage.get('/metrics')).text();
    const labels = `log="rekor-v2-${ORIGIN}",witness="witness.example/w1"`;
    expect(metrics).toMatch(
      new RegExp(`sigstead_log_witness_requests_total\\{${labels},outcome="cosigned"\\} [1-9]`),
    );
    expect(metrics).toMatch(new RegExp(`sigstead_log_witness_seconds_count\\{${labels}\\} [1-9]`));
  });

  it('is shut, and not ready, once the witness has seen more than there is', async () => {
    witness.misbehave = () => ({ status: 409, contentType: 'text/x.tlog.size', body: encodeUtf8('1000\n') });
    const request = await hashedRekordRequest('rolled back');
    const response = await stage.post('/api/v2/log/entries', request);
    expect([response.status, await response.json()]).toMatchObject([503, { code: 14 }]);
    witness.misbehave = undefined;
    expect((await stage.post('/api/v2/log/entries', request)).status).toBe(503);
    expect((await stage.get('/checkpoint')).status).toBe(503);
    expect((await stage.get('/readyz')).status).toBe(503);
  });
});

describe('a CT log with a witness', () => {
  const stage = new CtStage();
  const additional = PrivateKeySigner.generate('Ed25519');
  const additionalKey = noteVerifierOf(CT_ORIGIN, additional.publicKey);

  beforeAll(async () => {
    await stage.start({
      settings: { origin: CT_ORIGIN, additionalKeyFile: 'additional.pem', witnesses },
      prepare: (installation) =>
        writeFile(join(installation.directory, 'additional.pem'), additional.toEncryptedPem('correct horse')),
    });
    witness.trust(additionalKey);
  }, 60_000);

  afterAll(() => stage.stop());

  it('shows the witness its head before it hands out an SCT, and has the cosignature in its checkpoint', async () => {
    await stage.logged();
    expect(witness.sizeOf(CT_ORIGIN)).toBe(1n);
    const key = noteKeyOf('rfc6962', CT_ORIGIN, stage.installation.ctKey);
    const note = await (await stage.get('checkpoint')).text();
    expect(verifyCheckpointNote(note, key).size).toBe(1n);
    expect(signersOf(note, key, additionalKey)).toEqual([
      `rfc6962 ${CT_ORIGIN} true`,
      `ed25519 ${CT_ORIGIN} true`,
      'cosignature witness.example/w1 true',
    ]);
  });

  it('asks the witness once for a head, however often it is shown', async () => {
    await stage.logged();
    const asked = witness.exchanges.length;
    for (let i = 0; i < 3; i++) expect((await stage.get('checkpoint')).status).toBe(200);
    expect([witness.exchanges.length, witness.sizeOf(CT_ORIGIN)]).toEqual([asked, 2n]);
  });

  it('hands out no SCT without the quorum that must be met', async () => {
    witness.misbehave = () => ({ status: 500 });
    const chain = [(await stage.authority.issue(POISON_EXTENSION)).raw, stage.authority.intermediate.raw];
    expect((await stage.submit('add-pre-chain', chain)).status).toBe(503);
    witness.misbehave = undefined;
    expect((await stage.submit('add-pre-chain', chain)).status).toBe(200);
    expect(witness.sizeOf(CT_ORIGIN)).toBe(3n);
  });
});

describe('witnesses of a log', () => {
  const open = (policyFile: string) => () =>
    openWitnesses(
      'rekor-v2-log.example',
      { policyFile, timeoutMs: TIMEOUT_MS, onMissing: 'publish' },
      { asked: () => undefined },
    );

  async function policy(text: string): Promise<string> {
    const path = join(directory, 'bad-policy');
    await writeFile(path, text);
    return path;
  }

  it('are refused without their policy, naming the log', () => {
    expect(open(join(directory, 'nowhere'))).toThrow(
      /witnesses of log rekor-v2-log.example: the policy cannot be read: .*ENOENT/,
    );
  });

  it('are refused with a malformed policy, naming the line', async () => {
    expect(open(await policy(`${witness.policyLine}quorum nobody\n`))).toThrow(
      /line 2 .*"nobody" is not defined/,
    );
    expect(open(await policy(''))).toThrow(/has no quorum/);
  });

  it('are refused without a URL', async () => {
    const bare = `witness w ${witness.verifierKey}\nquorum w\n`;
    expect(open(await policy(bare))).toThrow(/witness "w" has no URL/);
  });

  const files = { keyFile: 'key.pem', passphraseFile: 'passphrase' };
  const v2 = { kind: 'rekor-v2', origin: 'log.example', ...files };
  const ct = { kind: 'ct', shard: '2026', rootsFile: 'roots.pem', ...files };

  async function read(log: Record<string, unknown>): Promise<() => unknown> {
    const path = join(directory, 'logs.json');
    await writeFile(path, JSON.stringify([log]));
    return () => readLogsFile(path)[0];
  }

  it.each([
    ['a Rekor v2 log', v2],
    ['a CT log', { ...ct, additionalKeyFile: 'additional.pem' }],
  ])(
    'of %s have a policy beside the list of logs, a second and no power to stop it unless told',
    async (_, log) => {
      expect((await read({ ...log, witnesses: { policyFile: 'policy' } }))()).toMatchObject({
        witnesses: { policyFile: join(directory, 'policy'), timeoutMs: 1_000, onMissing: 'publish' },
      });
    },
  );

  it.each([
    ['no policy', { ...v2, witnesses: {} }],
    ['no time', { ...v2, witnesses: { policyFile: 'policy', timeoutMs: 0 } }],
    ['a minute', { ...v2, witnesses: { policyFile: 'policy', timeoutMs: 60_000 } }],
    ['another answer to a missing quorum', { ...v2, witnesses: { policyFile: 'policy', onMissing: 'wait' } }],
    ['a setting that there is not', { ...v2, witnesses: { policyFile: 'policy', quorum: 2 } }],
    [
      'a Rekor v1 log',
      { kind: 'rekor-v1', treeId: '1', host: 'localhost', ...files, witnesses: { policyFile: 'policy' } },
    ],
    ['a CT log without an additional key', { ...ct, witnesses: { policyFile: 'policy' } }],
  ])('are refused with %s', async (_, log) => {
    expect(await read(log)).toThrow(
      /the list of logs is not usable: .*(witnesses|witnesses need an additionalKeyFile)/,
    );
  });
});
