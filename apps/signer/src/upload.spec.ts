import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { CLAIMS, makeToken, NOW } from '@sigstead/signing/testonly/small-sigstore';
import { compilePolicy, parseArtifactDigest, verifyBundle } from '@sigstead/verification';
import { TestSigner } from './testonly/test-signer.ts';

let signer: TestSigner;

beforeEach(async () => {
  signer = await TestSigner.create(fetch);
});
afterEach(() => signer.stop());

const bearer = { authorization: `Bearer ${makeToken()}` };
const upload = (body: string | Uint8Array, query = '', headers: Record<string, string> = bearer) =>
  signer.post(`/api/v1/sign/blob${query}`, body, { 'content-type': 'application/octet-stream', ...headers });
const sha256 = (bytes: string | Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const policy = compilePolicy({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });

describe('POST /api/v1/sign/blob', () => {
  it.each(['', '?rekorVersion=2', '?name=notes.txt'])('signs the body%s', async (query) => {
    const answer = await signer.answer(upload('a blob', query));
    expect(answer).toMatchObject({ digest: sha256('a blob'), certificate: { issuer: CLAIMS.iss } });
    expect(answer['name']).toBe(query.includes('name') ? 'notes.txt' : undefined);
    const verdict = verifyBundle(
      parseBundle(JSON.stringify(answer['bundle'])),
      parseArtifactDigest(sha256('a blob')),
      signer.sigstore.trustedRoot,
      policy,
      NOW,
    );
    expect(verdict).toMatchObject({ verified: true });
  });

  it('signs nothing at all, too, and whatever the content type says', async () => {
    expect((await signer.answer(upload('')))['digest']).toBe(sha256(''));
    const json = { ...bearer, 'content-type': 'application/json' };
    expect((await signer.answer(upload('{}', '', json)))['digest']).toBe(sha256('{}'));
  });

  it('takes an upload larger than its memory may grow', async () => {
    const pieces = 512;
    const piece = Buffer.alloc(1 << 20, 'sigstead');
    const hash = createHash('sha256');
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    const body = Readable.from(
      (function* () {
        for (let i = 0; i < pieces; i++) {
          hash.update(piece);
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
          yield piece;
        }
      })(),
    );
    const answer = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(
        `${signer.url}/api/v1/sign/blob`,
        { method: 'POST', headers: bearer },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += String(chunk)));
          response.on('end', () => resolve(text));
        },
      );
      request.on('error', reject);
      body.pipe(request);
    });
    expect(JSON.parse(answer)).toMatchObject({ digest: `sha256:${hash.digest('hex')}` });
    expect(most).toBeLessThan(64 << 20);
  });

  it('reads no byte without a token', async () => {
    const response = await upload('x', '', {});
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect((await signer.problem(response, 401)).step).toBe('input');
  });

  it.each(['?rekorVersion=3', '?size=7', '?name=a&name=b'])('refuses the query %s', async (query) => {
    expect((await signer.problem(upload('x', query), 400)).type).toContain('invalid-request');
  });

  it('refuses more than it takes, announced or not', async () => {
    await signer.start({ limits: { maxBlobBytes: 1000 } });
    expect((await signer.answer(upload('x'.repeat(1000))))['digest']).toBe(sha256('x'.repeat(1000)));
    await signer.problem(upload('x'.repeat(1001)), 413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        `${signer.url}/api/v1/sign/blob`,
        { method: 'POST', headers: bearer },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.on('error', reject);
      request.write('x'.repeat(600));
      request.end('x'.repeat(600));
    });
    expect(status).toBe(413);
  });

  it('gives up an upload that comes to a standstill, and takes no more than so many at once', async () => {
    await signer.start({ limits: { uploadStallMs: 1_000, maxUploads: 1 } });
    const ended = new Promise<string>((resolve) => {
      const request = httpRequest(
        `${signer.url}/api/v1/sign/blob`,
        { method: 'POST', headers: { ...bearer, 'content-length': 100 } },
        (response) => resolve(String(response.statusCode)),
      );
      request.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? 'error'));
      request.write('x');
    });
    await new Promise<void>((resolve) => {
      const poll = async () => {
        const { status } = await upload('y');
        if (status === 503) resolve();
        else setImmediate(() => void poll());
      };
      void poll();
    });
    expect(['408', 'ECONNRESET']).toContain(await ended);
    await signer.answer(upload('y'));
  });
});
