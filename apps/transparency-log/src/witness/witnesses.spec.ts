import { afterEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { consistencyProof, hashLeaf, rootOfLeaves } from '@sigstead/merkle';
import {
  noteSigner,
  noteVerifierOf,
  parseSignedNote,
  parseVerifierKey,
  parseWitnessPolicy,
  signCheckpointNote,
  verifyCheckpointNote,
  type NoteKey,
} from '@sigstead/tlog';
import { createServer } from 'node:net';
import type { TreeHead } from '../anchor/anchor.ts';
import { LogError } from '../errors.ts';
import { textOf, WitnessServer, type Misbehaviour } from '../testonly/witness-server.ts';
import type { CommittedHistory } from './witness-endpoint.ts';
import { Witnesses, type Cosigned } from './witnesses.ts';

const ORIGIN = 'log2026-1.example';
const signer = PrivateKeySigner.generate('Ed25519');
const logKey = noteVerifierOf(ORIGIN, signer.publicKey);
/** Nobody waits that long: what ends, ends for another reason. */
const LONG_MS = 60_000;
/** Enough for a witness that answers, and what one that does not costs the test. */
const SHORT_MS = 2_000;

/** A tree whose leaves are told apart by its name, with the heads it has committed. */
class Tree implements CommittedHistory {
  readonly heads: Set<bigint>;
  readonly #name: string;

  constructor(name = 'main', heads: readonly number[] = [3, 5, 9, 20]) {
    this.#name = name;
    this.heads = new Set(heads.map(BigInt));
  }

  head(size: number): TreeHead {
    return { size: BigInt(size), root: rootOfLeaves(this.#leaves(0n, BigInt(size))) };
  }

  headTime(size: bigint): Promise<bigint | undefined> {
    return Promise.resolve(this.heads.has(size) ? 1n : undefined);
  }

  consistencyProof(size1: bigint, size2: bigint): Promise<Uint8Array[]> {
    return consistencyProof(size1, size2, ({ level, index }) =>
      rootOfLeaves(this.#leaves(index << BigInt(level), (index + 1n) << BigInt(level))),
    );
  }

  #leaves(from: bigint, to: bigint): Uint8Array[] {
    return Array.from({ length: Number(to - from) }, (_, at) =>
      hashLeaf(encodeUtf8(`${this.#name} ${from + BigInt(at)}`)),
    );
  }
}

const tree = new Tree();
let servers: WitnessServer[] = [];
let opened: Witnesses[] = [];
let outcomes: string[] = [];

afterEach(async () => {
  for (const witnesses of opened) witnesses.close();
  for (const server of servers) await server.close();
  [servers, opened, outcomes] = [[], [], []];
});

async function start(
  name: string,
  misbehave?: Misbehaviour,
  logs: readonly NoteKey[] = [logKey],
): Promise<WitnessServer> {
  const server = await WitnessServer.start(name, logs);
  server.misbehave = misbehave;
  servers.push(server);
  return server;
}

function open(
  witnesses: readonly { readonly policyLine: string }[],
  rules: string,
  timeoutMs = LONG_MS,
): Witnesses {
  const policy = parseWitnessPolicy(`${witnesses.map(({ policyLine }) => policyLine).join('')}${rules}\n`);
  const made = new Witnesses({
    policy,
    timeoutMs,
    observer: { asked: (witness, outcome) => outcomes.push(`${witness} ${outcome}`) },
  });
  opened.push(made);
  return made;
}

function sign({ size, root }: TreeHead): Promise<string> {
  return signCheckpointNote({ origin: ORIGIN, size, rootHash: root, extensions: [] }, [
    noteSigner(ORIGIN, signer),
  ]);
}

async function cosign(witnesses: Witnesses, size: number, history = tree): Promise<Cosigned> {
  const head = history.head(size);
  return witnesses.cosign(await sign(head), head, history);
}

/** The name and the verdict of every line. */
function linesOf({ note }: Cosigned): string[] {
  const text = encodeUtf8(parseSignedNote(note).body);
  return parseSignedNote(note).signatures.map(({ name, signature }) => {
    const server = servers.find((each) => each.name === name);
    const key = server === undefined ? logKey : (parseVerifierKey(server.verifierKey) as NoteKey);
    return `${name} ${key.verify(text, signature) ? 'verifies' : 'does not verify'}`;
  });
}

const OURS = `${ORIGIN} verifies`;

describe('a checkpoint', () => {
  it('gets the cosignatures of all witnesses behind the log’s signature, in the order of the policy', async () => {
    const all = [await start('w1'), await start('w2'), await start('w3')];
    const cosigned = await cosign(open(all, 'group all all w1 w2 w3\nquorum all'), 5);
    expect(cosigned.met).toBe(true);
    expect(linesOf(cosigned)).toEqual([OURS, 'w1 verifies', 'w2 verifies', 'w3 verifies']);
    expect(verifyCheckpointNote(cosigned.note, logKey).size).toBe(5n);
    expect(outcomes.sort()).toEqual(['w1 cosigned', 'w2 cosigned', 'w3 cosigned']);
  });

  it('grows with proofs of consistency from the size each witness has', async () => {
    const [w1, w2] = [await start('w1'), await start('w2')];
    await cosign(open([w2], 'quorum w2'), 3);
    const witnesses = open([w1, w2], 'group g all w1 w2\nquorum g');
    for (const size of [5, 9, 20]) expect((await cosign(witnesses, size)).met).toBe(true);
    expect(w1.exchanges.map(({ oldSize, status }) => `${oldSize} ${status}`)).toEqual([
      '0 200',
      '5 200',
      '9 200',
    ]);
    expect(w2.exchanges.map(({ oldSize, status }) => `${oldSize} ${status}`)).toEqual([
      '0 200',
      '0 409',
      '3 200',
      '5 200',
      '9 200',
    ]);
  });

  it('of the same size is cosigned again, without a proof', async () => {
    const w1 = await start('w1');
    const witnesses = open([w1], 'quorum w1');
    await cosign(witnesses, 5);
    expect((await cosign(witnesses, 5)).met).toBe(true);
    expect(w1.exchanges.at(-1)).toEqual({ oldSize: 5n, status: 200 });
  });

  it('of the empty tree is cosigned', async () => {
    expect((await cosign(open([await start('w1')], 'quorum w1'), 0)).met).toBe(true);
  });

  it('is cosigned by a witness that has lost its state', async () => {
    const w1 = await start('w1');
    const witnesses = open([w1], 'quorum w1');
    await cosign(witnesses, 5);
    w1.forget();
    expect((await cosign(witnesses, 9)).met).toBe(true);
    expect(w1.exchanges.map(({ status }) => status)).toEqual([200, 409, 200]);
  });

  it('does not wait for witnesses that the quorum can do without', async () => {
    const all = [await start('w1'), await start('w2', () => 'silence')];
    const cosigned = await cosign(open(all, 'group g any w1 w2\nquorum g'), 5);
    expect([cosigned.met, linesOf(cosigned)]).toEqual([true, [OURS, 'w1 verifies']]);
  });

  it('waits for everybody when the quorum asks for nobody', async () => {
    const all = [await start('w1'), await start('w2')];
    const cosigned = await cosign(open(all, 'quorum none'), 5);
    expect([cosigned.met, linesOf(cosigned)]).toEqual([true, [OURS, 'w1 verifies', 'w2 verifies']]);
  });

  it('is as the log signed it when there are no witnesses', async () => {
    const note = await sign(tree.head(5));
    expect(await open([], 'quorum none').cosign(note, tree.head(5), tree)).toEqual({ note, met: true });
  });

  it('gets the lines of two witnesses behind one URL with one request', async () => {
    const [w1, w2] = [await start('w1'), await start('w2')];
    w1.misbehave = async (reply) => ({ ...reply, body: encodeUtf8(textOf(reply) + (await secondLine(w2))) });
    const both = [w1, { policyLine: `witness w2 ${w2.verifierKey} ${w1.url}/\n` }];
    const cosigned = await cosign(open(both, 'group g all w1 w2\nquorum g'), 5);
    expect([cosigned.met, linesOf(cosigned)]).toEqual([true, [OURS, 'w1 verifies', 'w2 verifies']]);
    expect([w1.exchanges.length, w2.exchanges.length]).toEqual([1, 0]);
  });

  it('never shows a witness a smaller head after a larger one', async () => {
    const w1 = await start('w1');
    const witnesses = open([w1], 'quorum w1');
    const answers = await Promise.all([3, 5, 9, 20].map((size) => cosign(witnesses, size)));
    expect(answers.map(({ met }) => met)).toEqual([true, true, true, true]);
    expect(w1.exchanges.map(({ oldSize }) => oldSize)).toEqual([0n, 3n, 5n, 9n]);
  });
});

async function secondLine(witness: WitnessServer): Promise<string> {
  const { body } = parseSignedNote(await sign(tree.head(5)));
  return textOf({ status: 200, body: await witness.cosign(body) });
}

describe('a quorum that is not met', () => {
  const status = (code: number) => (): { status: number } => ({ status: code });
  const answer = (body: string, code = 200, contentType?: string): Misbehaviour => {
    return () => ({
      status: code,
      body: encodeUtf8(body),
      ...(contentType === undefined ? {} : { contentType }),
    });
  };
  const replaced = (change: (text: string) => string): Misbehaviour => {
    return (reply) => ({ ...reply, body: encodeUtf8(change(textOf(reply))) });
  };

  it.each<[string, Misbehaviour, string]>([
    ['answers 400', status(400), 'status'],
    ['answers 403', status(403), 'status'],
    ['answers 404', status(404), 'status'],
    ['answers 429', status(429), 'status'],
    ['answers 500', status(500), 'status'],
    ['answers 204', status(204), 'status'],
    [
      'redirects',
      (_, response) => {
        response.setHeader('location', '/elsewhere');
        return { status: 307 };
      },
      'status',
    ],
    ['answers nothing', answer(''), 'malformed'],
    ['answers HTML', answer('<html>hello</html>\n'), 'malformed'],
    [
      'answers bytes that are no text',
      () => ({ status: 200, body: new Uint8Array([0xff, 0xfe, 0x0a]) }),
      'malformed',
    ],
    ['answers more than it may', answer(`${'x'.repeat(64 * 1024)}\n`), 'malformed'],
    [
      'answers without an end',
      (_, response) => {
        response.writeHead(200);
        const pump = (): void =>
          void (response.destroyed || response.write('\u2014 w1 AAAA\n'.repeat(1000), pump));
        pump();
        return 'silence';
      },
      'malformed',
    ],
    [
      'hangs up',
      (_, response) => {
        response.destroy();
        return 'silence';
      },
      'unreachable',
    ],
    [
      'hangs up in its answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('\u2014 w1', () => response.destroy());
        return 'silence';
      },
      'unreachable',
    ],
    ['answers 409 with a size that is none', answer('five\n', 409, 'text/x.tlog.size'), 'malformed'],
    ['answers 409 with a size of another content type', answer('3\n', 409, 'text/plain'), 'malformed'],
    ['answers 409 with the same size for ever', answer('3\n', 409, 'text/x.tlog.size'), 'unsteady'],
    ['cosigns under another name', replaced((text) => text.replace(' w1 ', ' w2 ')), 'unsigned'],
    ['leaves out its line', answer('\u2014 w9 AAAAAAA=\n'), 'unsigned'],
  ])('when the witness %s', async (_, misbehave, outcome) => {
    const w1 = await start('w1', misbehave);
    const cosigned = await cosign(open([w1], 'quorum w1'), 5);
    expect([cosigned.met, linesOf(cosigned), outcomes]).toEqual([false, [OURS], [`w1 ${outcome}`]]);
  });

  it('when nobody listens there', async () => {
    const w1 = await start('w1');
    const witnesses = open([w1], 'quorum w1');
    await w1.close();
    servers = [];
    const cosigned = await cosign(witnesses, 5);
    expect([cosigned.met, outcomes]).toEqual([false, ['w1 unreachable']]);
  });

  it('when what listens there is no web server', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0-OpenSSH_9.9\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const w1 = await start('w1');
    const elsewhere = { policyLine: `witness w1 ${w1.verifierKey} http://127.0.0.1:${port}\n` };
    const cosigned = await cosign(open([elsewhere], 'quorum w1'), 5);
    await new Promise((resolve) => server.close(resolve));
    expect([cosigned.met, outcomes]).toEqual([false, ['w1 unreachable']]);
  });

  it('when the witness does not know the log', async () => {
    const w1 = await start('w1', undefined, []);
    expect((await cosign(open([w1], 'quorum w1'), 5)).met).toBe(false);
    expect([w1.exchanges, outcomes]).toEqual([[{ oldSize: 0n, status: 404 }], ['w1 status']]);
  });

  it('when the witness has another key for the log', async () => {
    const other = noteVerifierOf(ORIGIN, PrivateKeySigner.generate('Ed25519').publicKey);
    const w1 = await start('w1', undefined, [other]);
    expect((await cosign(open([w1], 'quorum w1'), 5)).met).toBe(false);
    expect([w1.exchanges, outcomes]).toEqual([[{ oldSize: 0n, status: 403 }], ['w1 status']]);
  });

  it('when the cosignature is by another key', async () => {
    const [w1, stranger] = [await start('w1'), await start('w1')];
    w1.misbehave = async (reply) => ({ ...reply, body: encodeUtf8(await secondLine(stranger)) });
    expect((await cosign(open([w1], 'quorum w1'), 5)).met).toBe(false);
    expect(outcomes).toEqual(['w1 unsigned']);
  });

  it('when the cosignature is over another checkpoint', async () => {
    const w1 = await start('w1');
    w1.misbehave = async (reply) => ({
      ...reply,
      body: await w1.cosign(parseSignedNote(await sign(tree.head(9))).body),
    });
    const cosigned = await cosign(open([w1], 'quorum w1'), 5);
    expect([cosigned.met, linesOf(cosigned), outcomes]).toEqual([false, [OURS], ['w1 unsigned']]);
  });

  it('when the cosignature leaves out the time', async () => {
    const w1 = await WitnessServer.start('w1', [logKey], () => new Date(0));
    servers.push(w1);
    expect((await cosign(open([w1], 'quorum w1'), 5)).met).toBe(false);
    expect(outcomes).toEqual(['w1 unsigned']);
  });

  it('when one of two that must cosign does not; the other’s line stays', async () => {
    const all = [await start('w1', status(500)), await start('w2')];
    const cosigned = await cosign(open(all, 'group g all w1 w2\nquorum g'), 5);
    expect([cosigned.met, linesOf(cosigned)]).toEqual([false, [OURS, 'w2 verifies']]);
  });

  it.each<[string, Misbehaviour]>([
    ['answers nothing', () => 'silence'],
    [
      'begins an answer and stops',
      (_, response) => {
        response.writeHead(200).write('\u2014 ');
        return 'silence';
      },
    ],
  ])('when the witness %s, once the time is over', async (_, misbehave) => {
    const all = [await start('w1', misbehave), await start('w2')];
    const cosigned = await cosign(open(all, 'group g all w1 w2\nquorum g', SHORT_MS), 5);
    expect([cosigned.met, linesOf(cosigned)]).toEqual([false, [OURS, 'w2 verifies']]);
  });

  it('is met again with the next checkpoint, once the witness is back', async () => {
    const w1 = await start('w1', () => 'silence');
    const witnesses = open([w1], 'quorum w1', SHORT_MS);
    expect((await cosign(witnesses, 5)).met).toBe(false);
    w1.misbehave = undefined;
    expect((await cosign(witnesses, 9)).met).toBe(true);
    expect(outcomes).toEqual(['w1 late', 'w1 cosigned']);
  });

  it('for a head that is overtaken by a later one of the log, which another replica published', async () => {
    const w1 = await start('w1');
    await cosign(open([w1], 'quorum w1'), 20);
    const witnesses = open([w1], 'quorum w1');
    expect(await cosign(witnesses, 5)).toMatchObject({ met: false });
    expect(outcomes.at(-1)).toBe('w1 overtaken');
    tree.heads.add(30n);
    expect((await cosign(witnesses, 30)).met).toBe(true);
    expect(w1.exchanges.at(-1)).toEqual({ oldSize: 20n, status: 200 });
  });
});

describe('witnesses that contradict the database', () => {
  async function expectRefusal(cosigning: Promise<unknown>, reason: RegExp): Promise<void> {
    await expect(cosigning).rejects.toBeInstanceOf(LogError);
    await expect(cosigning).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(reason) as unknown,
    });
  }

  it('with a larger checkpoint than any there is shut the log: a database that was rolled back', async () => {
    const w1 = await start('w1');
    await cosign(open([w1], 'quorum w1'), 20);
    const restored = new Tree('main', [3, 5]);
    const witnesses = open([w1], 'quorum w1');
    await expectRefusal(
      cosign(witnesses, 5, restored),
      /witness w1 .*size 20, and the database has no such head/,
    );
    expect(outcomes.at(-1)).toBe('w1 contradicting');
  });

  it('with another root of the same size shut the log', async () => {
    const w1 = await start('w1');
    await cosign(open([w1], 'quorum w1'), 5);
    await expectRefusal(
      cosign(open([w1], 'quorum w1'), 5, new Tree('fork')),
      /not a prefix of the checkpoint of size 5/,
    );
  });

  it('with something that is no prefix shut the log: one that was rolled back and has grown since', async () => {
    const w1 = await start('w1');
    await cosign(open([w1], 'quorum w1'), 5);
    await expectRefusal(
      cosign(open([w1], 'quorum w1'), 9, new Tree('fork')),
      /not a prefix of the checkpoint of size 9/,
    );
    expect(w1.exchanges.at(-1)?.status).toBe(422);
  });

  it('as omniwitness does, by 409 without a size, shut the log', async () => {
    const w1 = await start('w1', () => ({ status: 409 }));
    await expectRefusal(cosign(open([w1], 'quorum w1'), 5), /not a prefix/);
  });

  it('shut it even when the quorum could be met without them', async () => {
    const all = [await start('w1'), await start('w2')];
    await cosign(open([all[1] as WitnessServer], 'quorum w2'), 20);
    const witnesses = open(all, 'quorum none');
    await expectRefusal(cosign(witnesses, 5, new Tree('main', [3, 5])), /witness w2/);
  });

  it('are believed for good: nothing more is sent to anybody', async () => {
    const [w1, w2] = [await start('w1'), await start('w2')];
    await cosign(open([w1], 'quorum w1'), 20);
    const restored = new Tree('main', [3, 5, 9]);
    const witnesses = open([w1, w2], 'quorum none');
    await expectRefusal(cosign(witnesses, 5, restored), /size 20/);
    w1.forget();
    const asked = w2.exchanges.length;
    await expectRefusal(cosign(witnesses, 9, restored), /size 20/);
    expect(w2.exchanges).toHaveLength(asked);
  });

  it('are believed though they speak up when the quorum is met and nobody waits for them', async () => {
    const all = [await start('w1'), await start('w2')];
    await cosign(open([all[1] as WitnessServer], 'quorum w2'), 20);
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    (all[1] as WitnessServer).misbehave = async (reply) => {
      await asked;
      return reply;
    };
    const restored = new Tree('main', [3, 5, 9]);
    const witnesses = open(all, 'group g any w1 w2\nquorum g');
    expect((await cosign(witnesses, 5, restored)).met).toBe(true);
    answer();
    while (!outcomes.includes('w2 contradicting')) await new Promise((resolve) => setImmediate(resolve));
    await expectRefusal(cosign(witnesses, 9, restored), /witness w2 .*size 20/);
  });

  it('are not judged while the database cannot be read', async () => {
    const w1 = await start('w1');
    await cosign(open([w1], 'quorum w1'), 20);
    const unreadable = new Tree('main', [3, 5]);
    unreadable.headTime = () => Promise.reject(new LogError('UNAVAILABLE', 'no database'));
    await expect(cosign(open([w1], 'quorum w1'), 5, unreadable)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});

describe('witnesses', () => {
  it('without a URL are refused', async () => {
    const w1 = await start('w1');
    const bare = { policyLine: `witness w1 ${w1.verifierKey}\n` };
    expect(() => open([bare], 'quorum w1')).toThrow(/witness "w1" has no URL/);
  });

  it('that are closed end what is under way', async () => {
    const w1 = await start('w1');
    const reached = new Promise<void>((resolve) => {
      w1.misbehave = () => {
        resolve();
        return 'silence';
      };
    });
    const witnesses = open([w1], 'quorum w1');
    const cosigning = cosign(witnesses, 5);
    await reached;
    witnesses.close();
    expect((await cosigning).met).toBe(false);
    expect(outcomes).toEqual(['w1 unreachable']);
  });
});
