import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { digestOf, signatureTag } from '@sigstead/oci';
import type { ImageAnswer } from './verification-desk.ts';
import { IDENTITY, ISSUER, SIGNED } from './testonly/small-sigstore.ts';
import { DEAD_REGISTRY, POLICY, postVerify, VerifierStage } from './testonly/verifier-stage.ts';

interface Problem {
  readonly status: number;
  readonly type: string;
  readonly detail: string;
  readonly field?: string;
}

describe('POST /api/v1/verify', () => {
  const stage = new VerifierStage();
  let url: string;
  beforeAll(async () => {
    await stage.start();
    url = await stage.verifier();
  });
  afterEach(() => {
    stage.registry.intercept = () => false;
    stage.logHandler = stage.sigstore.logHandler;
  });
  afterAll(() => stage.close());

  const verdict = async (body: object, at = url): Promise<ImageAnswer> => {
    const response = await postVerify(at, body);
    const answer = await response.json();
    expect({ status: response.status, answer }).toMatchObject({ status: 200 });
    return answer as ImageAnswer;
  };
  const problem = async (body: unknown, headers?: Record<string, string>, at = url): Promise<Problem> => {
    const response = await postVerify(at, body, headers);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    return (await response.json()) as Problem;
  };
  const failure = ({ verified, steps }: ImageAnswer): unknown => {
    const step = steps.find(({ outcome }) => outcome === 'failed');
    return { verified, step: step?.name, code: step?.code };
  };

  it('verifies a signed image by tag and by digest, with the proof of the log', async () => {
    const image = await stage.signedImage('good');
    const answer = await verdict({ image, policy: POLICY });
    expect(answer).toMatchObject({ verified: true, image });
    expect(answer.steps.map(({ outcome }) => outcome)).toEqual(Array(7).fill('passed'));
    expect(answer.steps[4]).toMatchObject({
      name: 'log-entry',
      evidence: { integratedTime: SIGNED.toISOString(), inclusionProof: { treeSize: '1', hashes: 0 } },
    });
    expect(answer.signatures).toHaveLength(1);
    expect(answer.text).toContain('Chain of trust');
    const byDigest = `${stage.registryHost}/acme/app@${answer.digest}`;
    expect((await verdict({ image: byDigest, policy: POLICY })).verified).toBe(true);
  });

  it('answers text to who asks for it', async () => {
    const image = await stage.signedImage('text');
    const response = await postVerify(url, { image, policy: POLICY }, { accept: 'text/plain' });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toContain(`VERIFIED  signed by ${IDENTITY}`);
    const both = await postVerify(url, { image, policy: POLICY }, { accept: 'application/json, text/plain' });
    expect(both.headers.get('content-type')).toContain('application/json');
  });

  it('takes patterns and extensions', async () => {
    const image = await stage.signedImage('pattern');
    const policy = {
      identityRegexp: '^https://github\\.com/acme/',
      issuerRegexp: '^https://token\\.',
      extensions: { buildTrigger: 'push' },
    };
    expect((await verdict({ image, policy })).verified).toBe(true);
    const wrong = { ...policy, extensions: { buildTrigger: 'workflow_dispatch' } };
    expect(failure(await verdict({ image, policy: wrong }))).toEqual({
      verified: false,
      step: 'policy',
      code: 'EXTENSION_MISMATCH',
    });
    expect((await verdict({ image, policy: { anyIdentity: true } })).verified).toBe(true);
  });

  it('answers 200 and false for a signer who was not expected', async () => {
    const image = await stage.signedImage(
      'other',
      'https://github.com/mallory/app/.github/workflows/x.yml@refs/heads/main',
    );
    const answer = await verdict({ image, policy: POLICY });
    expect(failure(answer)).toEqual({ verified: false, step: 'policy', code: 'IDENTITY_MISMATCH' });
    expect(answer.text).toContain('REFUSED');
  });

  it('fails retrieval for an image without signatures', async () => {
    stage.registry.addImage('unsigned');
    const answer = await verdict({ image: `${stage.registryHost}/acme/app:unsigned`, policy: POLICY });
    expect(failure(answer)).toEqual({ verified: false, step: 'retrieval', code: 'NO_SIGNATURES' });
  });

  it('accepts one good signature among others and reports all', async () => {
    const digest = stage.registry.addImage('many');
    const good = await stage.sigstore.sign(digest);
    const mallory = await stage.sigstore.sign(digest, 'https://evil.test/x');
    const foreign = await stage.sigstore.sign(`sha256:${'0'.repeat(64)}`);
    stage.registry.addSignatures(digest, [
      { payload: good.payload, annotations: {} },
      mallory,
      foreign,
      good,
    ]);
    const answer = await verdict({ image: `${stage.registryHost}/acme/app:many`, policy: POLICY });
    expect(answer.verified).toBe(true);
    expect(answer.signatures.map(({ verified, steps }) => [verified, steps.at(-1)?.code])).toEqual([
      [false, 'EVIDENCE_MALFORMED'],
      [false, 'IDENTITY_MISMATCH'],
      [false, 'PAYLOAD_DIGEST'],
      [true, undefined],
    ]);
  });

  it('is not kept from a good signature by layers that cannot be read', async () => {
    const digest = stage.registry.addImage('junk-beside');
    const missing = { payload: encodeUtf8('gone'), annotations: {} };
    stage.registry.addSignatures(digest, [missing, await stage.sigstore.sign(digest)]);
    stage.registry.blobs.delete(digestOf(missing.payload));
    const image = `${stage.registryHost}/acme/app:junk-beside`;
    const answer = await verdict({ image, policy: POLICY });
    expect(answer.verified).toBe(true);
    expect(answer.signatures.map(({ verified, steps }) => [verified, steps.at(-1)?.code])).toEqual([
      [false, 'EVIDENCE_MALFORMED'],
      [true, undefined],
    ]);
  });

  it('fails retrieval, and does not call the image unknown, when the only signature is gone', async () => {
    const digest = stage.registry.addImage('signature-gone');
    const missing = { payload: encodeUtf8('gone too'), annotations: {} };
    stage.registry.addSignatures(digest, [missing]);
    stage.registry.blobs.delete(digestOf(missing.payload));
    const image = `${stage.registryHost}/acme/app:signature-gone`;
    expect(failure(await verdict({ image, policy: POLICY }))).toEqual({
      verified: false,
      step: 'retrieval',
      code: 'EVIDENCE_MALFORMED',
    });
  });

  describe('with tampered evidence', () => {
    const tampered = async (
      tag: string,
      annotation: string,
      change: (text: string) => string,
    ): Promise<unknown> => {
      const digest = stage.registry.addImage(tag);
      const { payload, annotations } = await stage.sigstore.sign(digest);
      const changed = { ...annotations, [annotation]: change(annotations[annotation] ?? '') };
      stage.registry.addSignatures(digest, [{ payload, annotations: changed }]);
      return failure(await verdict({ image: `${stage.registryHost}/acme/app:${tag}`, policy: POLICY }));
    };

    it('fails the signature step for another signature', async () => {
      const other = (await stage.sigstore.sign(`sha256:${'0'.repeat(64)}`)).annotations[
        'dev.cosignproject.cosign/signature'
      ];
      expect(await tampered('t1', 'dev.cosignproject.cosign/signature', () => other ?? '')).toEqual({
        verified: false,
        step: 'signature',
        code: 'SIGNATURE_INVALID',
      });
    });

    it('fails the log entry step for a changed time', async () => {
      const later = (text: string): string =>
        text.replace(/"integratedTime":([0-9]+)/, (_, at) => `"integratedTime":${Number(at) + 1}`);
      expect(await tampered('t2', 'dev.sigstore.cosign/bundle', later)).toEqual({
        verified: false,
        step: 'log-entry',
        code: 'SET_INVALID',
      });
    });

    it('fails the log entry step for the genuine entry of another signature', async () => {
      const other = (await stage.sigstore.sign(`sha256:${'0'.repeat(64)}`)).annotations[
        'dev.sigstore.cosign/bundle'
      ];
      expect(await tampered('t3', 'dev.sigstore.cosign/bundle', () => other ?? '')).toEqual({
        verified: false,
        step: 'log-entry',
        code: 'BODY_HASH',
      });
    });

    it('fails retrieval when the payload is not what its digest says', async () => {
      const image = await stage.signedImage('t4');
      stage.registry.intercept = (request, response) => {
        if (request.url?.includes('/blobs/') !== true) return false;
        response.end('something else');
        return true;
      };
      expect(failure(await verdict({ image, policy: POLICY }))).toEqual({
        verified: false,
        step: 'retrieval',
        code: 'EVIDENCE_MALFORMED',
      });
    });

    it.each([
      ['no JSON', 'garbage'],
      ['no layers', '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}'],
      [
        'layers that are none',
        '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[null]}',
      ],
      [
        'too many layers',
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          layers: Array(300).fill({}),
        }),
      ],
    ])('fails retrieval when the signature manifest has %s', async (_, text) => {
      const image = await stage.signedImage('t5');
      const { digest } = await verdict({ image, policy: POLICY });
      stage.registry.manifests.set(signatureTag(digest), encodeUtf8(text));
      expect(failure(await verdict({ image, policy: POLICY }))).toEqual({
        verified: false,
        step: 'retrieval',
        code: 'EVIDENCE_MALFORMED',
      });
    });
  });

  describe('and the log', () => {
    const logStep = async (at = url): Promise<ImageAnswer['steps'][number] | undefined> => {
      const image = await stage.signedImage('log');
      return (await verdict({ image, policy: POLICY }, at)).steps.find(({ name }) => name === 'log-entry');
    };
    const respond = (status: number, body: string, headers: Record<string, string> = {}): void => {
      stage.logHandler = (_request, response) => {
        response.writeHead(status, headers);
        response.end(body);
      };
    };

    it.each<[string, number, string, Record<string, string>, RegExp]>([
      ['does not know the entry', 404, '{}', {}, /the log has no entry [0-9]+$/],
      ['is broken', 500, 'oops', {}, /the log answered 500/],
      ['answers no JSON', 200, 'oops', {}, /cannot be read \(malformed JSON/],
      ['answers nothing', 200, '{}', {}, /cannot be read \(entry is no object\)/],
      ['answers several entries', 200, '{"a":{},"b":{}}', {}, /cannot be read \(2 entries/],
      ['answers without end', 200, ' '.repeat(3_000_000), {}, /cannot be read \(more than/],
      ['sends us elsewhere', 302, '', { location: 'http://127.0.0.1:1/' }, /could not be reached/],
    ])(
      '%s: the promise alone is not enough, and the reason is told',
      async (_, status, body, headers, reason) => {
        respond(status, body, headers);
        const step = await logStep();
        expect(step).toMatchObject({ outcome: 'failed', code: 'INCLUSION_PROOF_MISSING' });
        expect(step?.reason).toMatch(reason);
      },
    );

    it('may be down when no proof is required, and the step says so', async () => {
      const lenient = await stage.verifier({ rekorUrl: 'http://127.0.0.1:1', requireInclusionProof: false });
      const step = await logStep(lenient);
      expect(step?.outcome).toBe('passed');
      expect(step?.reason).toContain(
        'inclusion proof skipped: not required, and the log could not be reached',
      );
    });

    it('need not be configured when no proof is required', async () => {
      const none = { rekorUrl: undefined };
      expect((await logStep(await stage.verifier(none)))?.reason).toContain(
        'no log is configured to ask for one',
      );
      expect((await logStep(await stage.verifier({ ...none, requireInclusionProof: false })))?.outcome).toBe(
        'passed',
      );
    });

    it('is not waited for for ever', async () => {
      stage.logHandler = () => undefined;
      const impatient = await stage.verifier({ logTimeoutMs: 100 });
      expect((await logStep(impatient))?.reason).toContain('the log did not answer in time');
    });

    it('cannot pass off the proof of another entry', async () => {
      const other = await stage.signedImage('other-entry');
      await verdict({ image: other, policy: POLICY });
      const [first] = stage.sigstore.entries.values();
      respond(200, JSON.stringify(first));
      expect((await logStep())?.reason).toMatch(/the log has another entry at index/);
    });

    it('cannot pass off a proof that does not hold', async () => {
      stage.logHandler = (_request, response) => {
        const [id, entry] = Object.entries([...stage.sigstore.entries.values()].at(-1) ?? {})[0] ?? [];
        const proof = (entry?.['verification'] as { inclusionProof: object }).inclusionProof;
        const verification = { inclusionProof: { ...proof, rootHash: '0'.repeat(64) } };
        response.end(JSON.stringify({ [id ?? '']: { ...entry, verification } }));
      };
      expect(await logStep()).toMatchObject({ outcome: 'failed', code: 'CHECKPOINT_MISMATCH' });
    });

    it('is not asked about entries whose promise does not hold', async () => {
      const digest = stage.registry.addImage('junk');
      const { payload, annotations } = await stage.sigstore.sign(digest);
      const bundle =
        annotations['dev.sigstore.cosign/bundle']?.replace(/"logIndex":[0-9]+/, '"logIndex":7777') ?? '';
      stage.registry.addSignatures(digest, [
        { payload, annotations: { ...annotations, 'dev.sigstore.cosign/bundle': bundle } },
      ]);
      let asked = false;
      stage.logHandler = (_request, response) => {
        asked = true;
        response.end('{}');
      };
      await verdict({ image: `${stage.registryHost}/acme/app:junk`, policy: POLICY });
      expect(asked).toBe(false);
    });
  });

  describe('when the image cannot be read', () => {
    it('answers 404 for an unknown image', async () => {
      const image = `${stage.registryHost}/acme/app:nowhere`;
      expect(await problem({ image, policy: POLICY })).toMatchObject({
        status: 404,
        type: 'urn:sigstead:problem:unknown-image',
        field: 'image',
      });
    });

    it('answers 502 when the registry is down, names it, and says nothing of our insides', async () => {
      const answer = await problem({ image: `${DEAD_REGISTRY}/acme/app:1`, policy: POLICY });
      expect(answer).toMatchObject({ status: 502, type: 'urn:sigstead:problem:registry-unreachable' });
      expect(answer.detail).toContain(DEAD_REGISTRY);
    });

    it.each([
      [401, 502, 'registry-unauthorized'],
      [403, 502, 'registry-unauthorized'],
      [429, 502, 'registry-failed'],
      [500, 502, 'registry-failed'],
    ])('answers for a registry that answers %i', async (status, want, type) => {
      stage.registry.intercept = (_request, response) => {
        response.writeHead(status);
        response.end();
        return true;
      };
      const image = `${stage.registryHost}/acme/app:any`;
      expect(await problem({ image, policy: POLICY })).toMatchObject({
        status: want,
        type: `urn:sigstead:problem:${type}`,
      });
    });

    it('answers 504 when the registry hangs', async () => {
      stage.registry.intercept = () => true;
      const impatient = await stage.verifier({ registryTimeoutMs: 100 });
      const image = `${stage.registryHost}/acme/app:any`;
      expect(await problem({ image, policy: POLICY }, {}, impatient)).toMatchObject({ status: 504 });
    });

    it('answers 504 when a registry takes too long over all', async () => {
      const digest = stage.registry.addImage('slow');
      const signatures = await Promise.all([1, 2, 3, 4, 5, 6].map(() => stage.sigstore.sign(digest)));
      stage.registry.addSignatures(
        digest,
        signatures.map((one, at) => ({ ...one, payload: encodeUtf8(`payload ${at}`) })),
      );
      stage.registry.intercept = (request, response) => {
        if (request.url?.includes('/blobs/') !== true) return false;
        // Begins and never ends; its own bound is longer than the one over all requests.
        response.write('payload');
        return true;
      };
      const impatient = await stage.verifier({ verifyTimeoutMs: 100 });
      const image = `${stage.registryHost}/acme/app:slow`;
      expect(await problem({ image, policy: POLICY }, {}, impatient)).toMatchObject({
        status: 504,
        type: 'urn:sigstead:problem:registry-timeout',
      });
    });
  });

  describe('and registries that are off limits', () => {
    it('refuses registries on this machine and on private addresses, before a connection is made', async () => {
      const strict = await stage.verifier({ insecureRegistries: [] });
      const before = stage.registry.requests.length;
      const port = stage.registryHost.split(':')[1];
      for (const host of [
        stage.registryHost,
        `localhost:${port}`,
        '10.0.0.1',
        '169.254.169.254',
        '[::1]:5000',
      ]) {
        expect(await problem({ image: `${host}/acme/app:1`, policy: POLICY }, {}, strict)).toMatchObject({
          status: 403,
          type: 'urn:sigstead:problem:registry-refused',
          field: 'image',
        });
      }
      expect(stage.registry.requests).toHaveLength(before);
    });

    it('reads from a private registry that is named, and from no other', async () => {
      const image = await stage.signedImage('named');
      const listed = await stage.verifier({
        allowedRegistries: ['quay.io'],
        insecureRegistries: [stage.registryHost],
      });
      expect((await verdict({ image, policy: POLICY }, listed)).verified).toBe(true);
      const other = { image: 'ghcr.io/acme/app:1', policy: POLICY };
      expect(await problem(other, {}, listed)).toMatchObject({ status: 403, field: 'image' });
    });

    it('does not follow a named registry to a private address', async () => {
      const image = await stage.signedImage('redirected');
      let reached = false;
      const inside = await stage.serve((_request, response) => {
        reached = true;
        response.end('{}');
      });
      stage.registry.intercept = (_request, response) => {
        response.writeHead(307, { location: `${inside.url}/latest/meta-data` });
        response.end();
        return true;
      };
      const listed = await stage.verifier({
        allowedRegistries: ['quay.io'],
        insecureRegistries: [stage.registryHost],
      });
      expect(await problem({ image, policy: POLICY }, {}, listed)).toMatchObject({ status: 403 });
      expect(reached).toBe(false);
    });
  });

  describe('with bad input', () => {
    const image = 'registry.invalid/acme/app:1';
    it.each<[string, unknown, string | undefined]>([
      ['no policy', { image }, 'policy'],
      ['no image', { policy: POLICY }, 'image'],
      ['an image of another type', { image: 7, policy: POLICY }, 'image'],
      ['an image that is none', { image: 'http://registry.invalid/x', policy: POLICY }, 'image'],
      ['an image with a digest that is none', { image: `${image}@sha256:abc`, policy: POLICY }, 'image'],
      ['an overlong image', { image: 'a'.repeat(2000), policy: POLICY }, 'image'],
      ['an empty policy', { image, policy: {} }, 'policy.identity'],
      ['a policy without issuer', { image, policy: { identity: IDENTITY } }, 'policy.issuer'],
      ['a policy without identity', { image, policy: { issuer: ISSUER } }, 'policy.identity'],
      ['anyIdentity as text', { image, policy: { anyIdentity: 'yes' } }, 'policy.anyIdentity'],
      ['a field nobody knows', { image, policy: POLICY, trustedRoot: {} }, 'trustedRoot'],
      ['a rule nobody knows', { image, policy: { ...POLICY, owner: 'acme' } }, 'policy.owner'],
      ['a policy twice', { image, policy: POLICY, policyName: 'release' }, 'policyName'],
      [
        'a policy by name with more',
        { image, policy: { name: 'release', identity: 'x' } },
        'policy.identity',
      ],
      ['a version that is none', { image, policy: { name: 'release', version: 0 } }, 'policy.version'],
      ['a policy that is no object', { image, policy: [] }, 'policy'],
      ['two identities', { image, policy: { ...POLICY, identityRegexp: 'x' } }, 'policy.identityRegexp'],
      [
        'a pattern that is none',
        { image, policy: { identityRegexp: '(', issuer: ISSUER } },
        'policy.identityRegexp',
      ],
      [
        'an overlong pattern',
        { image, policy: { identityRegexp: 'x'.repeat(600), issuer: ISSUER } },
        'policy.identityRegexp',
      ],
      [
        'an issuer pattern that is none',
        { image, policy: { identity: 'x', issuerRegexp: '\\1' } },
        'policy.issuerRegexp',
      ],
      [
        'an extension nobody knows',
        { image, policy: { ...POLICY, extensions: { actor: 'x' } } },
        'policy.extensions.actor',
      ],
      [
        'an extension of another type',
        { image, policy: { ...POLICY, extensions: { buildTrigger: 1 } } },
        'policy.extensions.buildTrigger',
      ],
      [
        'a rule called __proto__',
        `{"image":"${image}","policy":{"anyIdentity":true,"__proto__":{}}}`,
        'policy.__proto__',
      ],
      [
        'an extension called __proto__',
        `{"image":"${image}","policy":{"anyIdentity":true,"extensions":{"__proto__":"x"}}}`,
        'policy.extensions.__proto__',
      ],
      [
        'an identity twice',
        `{"image":"${image}","policy":{"identity":"x","identity":"y","issuer":"z"}}`,
        undefined,
      ],
      ['a list', [], undefined],
      ['nothing', 'null', undefined],
      ['no JSON', '{', undefined],
      ['deep JSON', `${'['.repeat(100)}${']'.repeat(100)}`, undefined],
      ['a member that stands twice', `{"image":"${image}","policyName":"a","policyName":"b"}`, undefined],
      ['values without end', `[${'0,'.repeat(500_000)}0]`, undefined],
      ['an empty body', '', undefined],
    ])('answers 400 for %s and names the field', async (_, body, field) => {
      const answer = await problem(body);
      expect(answer.status).toBe(400);
      expect(answer.field).toBe(field);
    });

    it('answers 415 for another content type and 413 for a large body', async () => {
      expect(await problem('x=1', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
        status: 415,
      });
      expect(await problem({ image, policy: POLICY, padding: 'x'.repeat(6 * 1024 * 1024) })).toMatchObject({
        status: 413,
      });
    });

    it('answers 405 and 404 as problems too', async () => {
      const wrong = await fetch(`${url}/api/v1/verify`);
      expect([wrong.status, wrong.headers.get('content-type')]).toEqual([405, 'application/problem+json']);
      const nowhere = await fetch(`${url}/api/v1/nothing`);
      expect([nowhere.status, nowhere.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json',
      ]);
    });
  });
});
