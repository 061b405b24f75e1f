import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { CLAIMS, makeToken } from '@sigstead/signing/testonly/small-sigstore';
import { TestSigner } from './testonly/test-signer.ts';

let signer: TestSigner;

beforeEach(async () => {
  signer = await TestSigner.create(fetch);
});
afterEach(() => signer.stop());

const digestNo = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const linesOf = async (response: Response): Promise<JsonObject[]> => {
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
};
const NDJSON = { accept: 'application/x-ndjson' };

describe('a caller who wants to see how it goes', () => {
  it('is told each step of an image, and its answer at last', async () => {
    const events = await linesOf(await signer.sign({ form: 'legacy' }, NDJSON));
    expect(
      events.map(({ event, step }) => [event, step].filter((text) => text !== undefined).join(' ')),
    ).toEqual([
      'resolved',
      'accepted',
      'step signature',
      'step timestamp',
      'step log',
      'step push',
      'outcome',
      'end',
    ]);
    expect(events[1]).toEqual({ event: 'accepted', identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });
    expect(events.at(-2)).toMatchObject({ artifact: 0, signed: true, digest: signer.digest });
    expect(events.at(-1)).toEqual({ event: 'end', signed: 1, failed: 0 });
  });

  it('gets the outcome of each of many as it is ready', async () => {
    const artifacts = [{ digest: digestNo(1) }, { image: signer.image(':absent') }, { digest: digestNo(2) }];
    const events = await linesOf(await signer.signMany(artifacts, {}, NDJSON));
    const outcomes = events.filter(({ event }) => event === 'outcome');
    expect(outcomes.map(({ artifact, signed }) => [artifact, signed]).sort()).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
    expect(outcomes.find(({ artifact }) => artifact === 1)).toMatchObject({
      problem: { status: 404, step: 'resolve' },
    });
    expect(events.at(-1)).toEqual({ event: 'end', signed: 2, failed: 1 });
  });

  it('may have it as server-sent events', async () => {
    const response = await signer.sign({ form: 'bundle' }, { accept: 'text/event-stream' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const blocks = (await response.text()).trimEnd().split('\n\n');
    expect(blocks.every((block) => /^event: [a-z]+\ndata: \{.*\}$/.test(block))).toBe(true);
    expect(blocks.at(-1)).toContain('event: end');
  });

  it.each([
    ['a token the authority refuses', () => ({ identityToken: makeToken({ ...CLAIMS, iss: 'x' }) }), 400],
    ['an image that is not there', () => ({ image: signer.image(':absent') }), 404],
    ['a body that cannot be used', () => ({ image: 7 }), 400],
  ])('is answered as always for %s', async (_name, more, status) => {
    await signer.problem(signer.sign(more(), NDJSON), status);
  });

  it('is told at the end when a step fails that was begun before his eyes', async () => {
    signer.sigstore.faults = {
      intercept: (request, response) => {
        if (request.url?.includes('/log/') !== true) return false;
        response.writeHead(500).end();
        return true;
      },
    };
    const events = await linesOf(await signer.sign({}, NDJSON));
    expect(events.at(-2)).toMatchObject({
      event: 'outcome',
      signed: false,
      problem: { step: 'log', status: 502 },
    });
    expect(events.at(-1)).toEqual({ event: 'end', signed: 0, failed: 1 });
  });
});

describe('a caller who leaves', () => {
  it('has nothing more begun for him', async () => {
    await signer.start({ limits: { maxSignatures: 1 } });
    const leaving = new AbortController();
    let logged = 0;
    const left = new Promise<void>((resolve) => {
      signer.sigstore.faults = {
        logAnswer: ({ uuid, entry }) => {
          if (++logged === 3) {
            leaving.abort();
            resolve();
          }
          return { [uuid]: entry };
        },
      };
    });
    const artifacts = Array.from({ length: 50 }, (_, at) => ({ digest: digestNo(at) }));
    const work = fetch(`${signer.url}/api/v1/sign`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ artifacts, identityToken: makeToken() }),
      signal: leaving.signal,
    });
    await expect(work).rejects.toThrow();
    await left;
    // The next request waits for the one slot there is: when it is through, the other has ended.
    await signer.answer(signer.sign());
    expect(logged).toBeLessThan(20);
  });
});
