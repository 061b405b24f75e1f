import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { signatureTag } from '@sigstead/oci';
import type { ArtifactAnswer, ImageAnswer } from './verification-desk.ts';
import { DEAD_REGISTRY, POLICY, postVerify, VerifierStage } from './testonly/verifier-stage.ts';

const BLOB = Buffer.from('a release archive');
const DIGEST = `sha256:${createHash('sha256').update(BLOB).digest('hex')}`;

describe('verifying artifacts', () => {
  const stage = new VerifierStage();
  let url: string;
  let bundle: object;
  beforeAll(async () => {
    await stage.start();
    url = await stage.verifier();
    bundle = JSON.parse(await stage.sigstore.signBlob(BLOB)) as object;
  });
  afterEach(() => {
    stage.registry.intercept = () => false;
  });
  afterAll(() => stage.close());

  const judge = async (body: object): Promise<ArtifactAnswer> => {
    const response = await postVerify(url, body);
    const answer = await response.json();
    expect({ status: response.status, answer }).toMatchObject({ status: 200 });
    return answer as ArtifactAnswer;
  };
  const refusal = async (response: Promise<Response>): Promise<unknown> => {
    const answer = await response;
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const { status, field, type } = (await answer.json()) as Record<string, unknown>;
    return { status, field, type };
  };

  describe('by digest and bundle', () => {
    it('answers with steps and evidence, and asks nobody', async () => {
      const asked = stage.registry.requests.length;
      const answer = await judge({ digest: DIGEST, bundle, policy: POLICY });
      expect(answer).toMatchObject({ verified: true, digest: DIGEST });
      expect(answer.steps.map(({ outcome }) => outcome)).toEqual(Array(7).fill('passed'));
      expect(answer.text).toContain('this artifact');
      expect(stage.registry.requests).toHaveLength(asked);
    });

    it('takes several digests of one artifact', async () => {
      const sha512 = `sha512:${createHash('sha512').update(BLOB).digest('hex')}`;
      expect((await judge({ digest: [sha512, DIGEST], bundle, policy: POLICY })).verified).toBe(true);
      const failed = await judge({ digest: sha512, bundle, policy: POLICY });
      expect(failed.steps[3]).toMatchObject({ code: 'ARTIFACT_DIGEST' });
    });

    it('answers false for another artifact, another signer, and a bundle that is none', async () => {
      const other = `sha256:${'0'.repeat(64)}`;
      const failing = async (body: object): Promise<unknown> => {
        const { verified, steps } = await judge(body);
        return [verified, steps.find(({ outcome }) => outcome === 'failed')?.code];
      };
      expect(await failing({ digest: other, bundle, policy: POLICY })).toEqual([false, 'ARTIFACT_DIGEST']);
      const nobody = { ...POLICY, identity: 'nobody@acme.test' };
      expect(await failing({ digest: DIGEST, bundle, policy: nobody })).toEqual([false, 'IDENTITY_MISMATCH']);
      expect(await failing({ digest: DIGEST, bundle: {}, policy: POLICY })).toEqual([
        false,
        'EVIDENCE_MALFORMED',
      ]);
      expect(await failing({ digest: DIGEST, bundle: 'text', policy: POLICY })).toEqual([
        false,
        'EVIDENCE_MALFORMED',
      ]);
    });

    it('takes the promise of the log alone, as version 0.1 has it, by the setting only', async () => {
      const old = JSON.parse(JSON.stringify(bundle)) as {
        mediaType: string;
        verificationMaterial: { certificate?: object; tlogEntries: { inclusionProof?: object }[] };
      };
      const { certificate, tlogEntries, ...rest } = old.verificationMaterial;
      delete tlogEntries[0]?.inclusionProof;
      const promised = {
        ...old,
        mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
        verificationMaterial: { ...rest, x509CertificateChain: { certificates: [certificate] }, tlogEntries },
      };
      const strict = await judge({ digest: DIGEST, bundle: promised, policy: POLICY });
      expect(strict.steps[4]).toMatchObject({ code: 'INCLUSION_PROOF_MISSING' });
      const lenient = await stage.verifier({ requireInclusionProof: false });
      const answer = await postVerify(lenient, { digest: DIGEST, bundle: promised, policy: POLICY });
      expect(await answer.json()).toMatchObject({ verified: true });
    });

    it.each([
      ['neither image nor digest', { policy: POLICY }, 'image'],
      ['both', { image: 'a/b', digest: DIGEST, bundle: {}, policy: POLICY }, 'image'],
      ['a digest without bundle', { digest: DIGEST, policy: POLICY }, 'bundle'],
      ['a bundle without digest', { image: 'a/b', bundle: {}, policy: POLICY }, 'bundle'],
      ['a digest that is none', { digest: 'sha256:00', bundle: {}, policy: POLICY }, 'digest'],
      ['a digest in capitals', { digest: DIGEST.toUpperCase(), bundle: {}, policy: POLICY }, 'digest'],
      ['two digests by one algorithm', { digest: [DIGEST, DIGEST], bundle: {}, policy: POLICY }, 'digest'],
      ['no policy', { digest: DIGEST, bundle: {} }, 'policy'],
      ['a kept policy', { digest: DIGEST, bundle: {}, policyName: 'release' }, 'policyName'],
      ['a kept policy by name', { digest: DIGEST, bundle: {}, policy: { name: 'release' } }, 'policy.name'],
    ])('answers 400 for %s and names the field', async (_, body, field) => {
      expect(await refusal(postVerify(url, body))).toEqual({ status: 400, field, type: expect.anything() });
    });
  });

  describe('many at once', () => {
    const batch = (requests: unknown, at = url): Promise<Response> =>
      fetch(`${at}/api/v1/verify/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ requests }),
      });

    it('are answered each by itself, in their order', async () => {
      const image = await stage.signedImage('batch');
      const response = await batch([
        { image, policy: POLICY },
        { digest: DIGEST, bundle, policy: POLICY },
        { digest: 'nonsense', bundle, policy: POLICY },
        { image: `${DEAD_REGISTRY}/acme/app:1`, policy: POLICY },
        { image, policy: { ...POLICY, issuer: 'https://elsewhere.test' } },
        'nonsense',
      ]);
      expect(response.status).toBe(200);
      const { results } = (await response.json()) as { results: object[] };
      expect(results).toMatchObject([
        { status: 200, verified: true, image },
        { status: 200, verified: true, digest: DIGEST },
        { status: 400, type: 'urn:sigstead:problem:invalid-request', field: 'digest' },
        { status: 502, type: 'urn:sigstead:problem:registry-unreachable' },
        { status: 200, verified: false },
        { status: 400 },
      ]);
    });

    it.each([
      ['none', []],
      ['too many', Array(65).fill({})],
      ['no list', {}],
    ])('are refused when there are %s', async (_, requests) => {
      expect(await refusal(batch(requests))).toMatchObject({ status: 400, field: 'requests' });
    });
  });

  describe('an uploaded blob', () => {
    const form = (parts: Record<string, string | Blob>): FormData => {
      const data = new FormData();
      for (const [name, value] of Object.entries(parts)) {
        if (typeof value === 'string') data.append(name, value);
        else data.append(name, value, 'file');
      }
      return data;
    };
    const upload = (
      body: FormData | string,
      headers: Record<string, string> = {},
      at = url,
    ): Promise<Response> => fetch(`${at}/api/v1/verify/blob`, { method: 'POST', body, headers });
    const texts = (): { bundle: string; policy: string } => ({
      bundle: JSON.stringify(bundle),
      policy: JSON.stringify(POLICY),
    });

    it('is verified whatever the order of the parts, as fields or files', async () => {
      const blob = new Blob([BLOB]);
      for (const parts of [
        { ...texts(), blob },
        { blob, ...texts() },
        { blob, policy: texts().policy, bundle: new Blob([texts().bundle]) },
      ]) {
        const response = await upload(form(parts));
        expect(await response.json()).toMatchObject({ verified: true, digest: DIGEST });
      }
    });

    it('answers text to who asks for it, and false for another blob', async () => {
      const other = form({ ...texts(), blob: new Blob(['another']) });
      const response = await upload(other, { accept: 'text/plain' });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('REFUSED');
    });

    it('is hashed as it comes: many megabytes, in no more memory', async () => {
      const chunk = new Uint8Array(1024 * 1024);
      const big = new Blob(Array(48).fill(chunk));
      const response = await upload(form({ ...texts(), blob: big }));
      const { verified, digest } = (await response.json()) as ArtifactAnswer;
      const want = createHash('sha256');
      for (let at = 0; at < 48; at++) want.update(chunk);
      expect([verified, digest]).toEqual([false, `sha256:${want.digest('hex')}`]);
    });

    it.each([
      ['no blob', (): FormData => form(texts()), { status: 400, field: 'blob' }],
      [
        'no bundle',
        (): FormData => form({ policy: '{}', blob: new Blob([]) }),
        { status: 400, field: 'bundle' },
      ],
      [
        'no policy',
        (): FormData => form({ bundle: '{}', blob: new Blob([]) }),
        { status: 400, field: 'policy' },
      ],
      [
        'a policy that is none',
        (): FormData => form({ ...texts(), policy: '{}', blob: new Blob([]) }),
        { status: 400, field: 'policy.identity' },
      ],
      [
        'a policy that is no JSON',
        (): FormData => form({ ...texts(), policy: '{', blob: new Blob([]) }),
        { status: 400, type: 'urn:sigstead:problem:malformed-json' },
      ],
      ['a blob as text', (): FormData => form({ ...texts(), blob: 'text' }), { status: 400, field: 'blob' }],
      [
        'a part nobody knows',
        (): FormData => form({ ...texts(), blob: new Blob([]), key: 'x' }),
        { status: 400, field: 'key' },
      ],
      [
        'a bundle without end',
        (): FormData => form({ ...texts(), bundle: 'x'.repeat(5 * 1024 * 1024), blob: new Blob([]) }),
        { status: 413, field: 'bundle' },
      ],
    ])('is refused with %s', async (_, make, want) => {
      expect(await refusal(upload(make()))).toMatchObject(want);
    });

    it('is refused in another form than multipart, or in one that is broken', async () => {
      expect(await refusal(upload('{}', { 'content-type': 'application/json' }))).toMatchObject({
        status: 415,
      });
      expect(await refusal(upload('{}', { 'content-type': 'multipart/form-data' }))).toMatchObject({
        status: 415,
      });
      const broken = { 'content-type': 'multipart/form-data; boundary=x' };
      expect(await refusal(upload('--x\r\nno part', broken))).toMatchObject({ status: 400 });
    });

    it('is refused beyond the bound of the settings, while it is under way', async () => {
      const small = await stage.verifier({ maxBlobBytes: 1024 });
      const answer = await refusal(
        upload(form({ ...texts(), blob: new Blob([new Uint8Array(4096)]) }), {}, small),
      );
      expect(answer).toMatchObject({ status: 413, field: 'blob' });
    });

    it.each(['blob', 'bundle'])('is refused in very many small pieces, as %s', async (name) => {
      const pieces = await new Promise<Record<string, unknown>>((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const socket = connect(Number(port), hostname);
        let answer = '';
        socket.on('error', reject).on('data', (data: Buffer) => {
          answer += data.toString();
          const [, body] = /\r\n\r\n(\{.+\})/s.exec(answer) ?? [];
          if (body === undefined) return;
          socket.destroy();
          resolve(JSON.parse(body) as Record<string, unknown>);
        });
        const head = `--x\r\ncontent-disposition: form-data; name="${name}"; filename="f"\r\n\r\n`;
        const piece = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
        socket.write(
          [
            'POST /api/v1/verify/blob HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n',
            'content-type: multipart/form-data; boundary=x\r\n\r\n',
            `${piece(head)}${piece('a').repeat(20_000)}${piece('\r\n--x--\r\n')}0\r\n\r\n`,
          ].join(''),
        );
      });
      expect(pieces).toMatchObject({ status: 400, type: 'urn:sigstead:problem:body-in-pieces' });
    });

    it('waits its turn: as many as the settings say are taken at once, and the next when one is done', async () => {
      const narrow = await stage.verifier({ maxUploads: 1 });
      const first = httpRequest(`${narrow}/api/v1/verify/blob`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=x', expect: '100-continue' },
      });
      const answered = new Promise<number | undefined>((resolve, reject) =>
        first.on('error', reject).on('response', (response) => resolve(response.resume().statusCode)),
      );
      await new Promise((resolve) => {
        first.on('continue', resolve);
        first.flushHeaders();
      });
      const second = await upload(form({ ...texts(), blob: new Blob([BLOB]) }), {}, narrow);
      expect(second.headers.get('retry-after')).toBe('5');
      expect(await second.json()).toMatchObject({ status: 503, type: 'urn:sigstead:problem:busy' });
      first.end('--x--\r\n');
      expect(await answered).toBe(400);
      const third = await upload(form({ ...texts(), blob: new Blob([BLOB]) }), {}, narrow);
      expect(await third.json()).toMatchObject({ verified: true });
    });

    it('that breaks off leaves the verifier as it was', async () => {
      await new Promise<void>((resolve) => {
        const request = httpRequest(`${url}/api/v1/verify/blob`, {
          method: 'POST',
          headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': '100000' },
        });
        request.on('error', () => resolve());
        request.write('--x\r\ncontent-disposition: form-data; name="blob"; filename="f"\r\n\r\nabc', () =>
          request.destroy(new Error('broken off')),
        );
      });
      expect((await judge({ digest: DIGEST, bundle, policy: POLICY })).verified).toBe(true);
    });
  });

  describe('verdicts that are kept', () => {
    const verify = async (image: string, policy: object = POLICY): Promise<ImageAnswer> =>
      (await (await postVerify(url, { image, policy })).json()) as ImageAnswer;

    it('are given again as long as image, policy and signatures are the same', async () => {
      const image = await stage.signedImage('kept');
      expect(await verify(image)).toMatchObject({ verified: true, cached: false });
      const asked = stage.registry.requests.length;
      expect(await verify(image)).toMatchObject({ verified: true, cached: true, image });
      expect(stage.registry.requests.slice(asked).filter((path) => path.includes('/blobs/'))).toEqual([]);
      const byDigest = `${stage.registryHost}/acme/app@${(await verify(image)).digest}`;
      expect(await verify(byDigest)).toMatchObject({ cached: true, image: byDigest });
      const other = { ...POLICY, extensions: { buildTrigger: 'push' } };
      expect(await verify(image, other)).toMatchObject({ verified: true, cached: false });
    });

    it('do not outlive the signatures', async () => {
      const image = await stage.signedImage('gone');
      const { digest } = await verify(image);
      stage.registry.manifests.delete(signatureTag(digest));
      expect(await verify(image)).toMatchObject({ verified: false, cached: false });
    });

    it('are none of refusals: who signs counts at once', async () => {
      const digest = stage.registry.addImage('late');
      const image = `${stage.registryHost}/acme/app:late`;
      expect(await verify(image)).toMatchObject({ verified: false });
      stage.registry.addSignatures(digest, [await stage.sigstore.sign(digest)]);
      expect(await verify(image)).toMatchObject({ verified: true, cached: false });
    });

    it('follow a tag that moves', async () => {
      const image = await stage.signedImage('moving');
      expect((await verify(image)).verified).toBe(true);
      const moved = stage.registry.addImage('elsewhere');
      stage.registry.manifests.set('moving', stage.registry.manifests.get(moved) ?? BLOB);
      expect(await verify(image)).toMatchObject({ verified: false, digest: moved });
    });
  });

  describe('a registry that wants credentials', () => {
    const refuseStrangers = (): void => {
      stage.registry.intercept = (request, response) => {
        if (request.headers.authorization === `Basic ${btoa('robot:secret')}`) return false;
        response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
        return true;
      };
    };

    it("is given those of docker's configuration, and refuses whoever has none", async () => {
      const image = await stage.signedImage('private');
      const config = join(stage.directory, 'docker.json');
      const auth = btoa('robot:secret');
      await writeFile(config, JSON.stringify({ auths: { [stage.registryHost]: { auth } } }));
      const known = await stage.verifier({ dockerConfigFile: config });
      refuseStrangers();
      const response = await postVerify(known, { image, policy: POLICY });
      expect(await response.json()).toMatchObject({ verified: true });
      expect(await refusal(postVerify(url, { image, policy: POLICY }))).toMatchObject({ status: 502 });
    });
  });

  it('counts verdicts by outcome, and by the code of what failed', async () => {
    await judge({ digest: DIGEST, bundle, policy: POLICY });
    await judge({ digest: DIGEST, bundle: {}, policy: POLICY });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(
      /sigstead_verdicts_total\{kind="artifact",outcome="verified",code="",cached="false"\} \d+/,
    );
    expect(metrics).toMatch(
      /sigstead_verdicts_total\{kind="artifact",outcome="refused",code="EVIDENCE_MALFORMED",cached="false"\} \d+/,
    );
  });
});
