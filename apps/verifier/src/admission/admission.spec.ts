import { writeFile } from 'node:fs/promises';
import { runInThisContext } from 'node:vm';
import { PrivateKeySigner } from '@sigstead/crypto';
import { signRevocationList, type Revocation } from '@sigstead/revocation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  admissionReview,
  pod,
  podSpec,
  review,
  type AdmissionAnswer,
  type ReviewOptions,
} from '../testonly/admission-review.ts';
import { bindPolicies, callPolicies, storePolicy, TOKEN } from '../testonly/policy-client.ts';
import { IDENTITY, ISSUER, NOW } from '../testonly/small-sigstore.ts';
import { TestDatabase } from '../testonly/test-database.ts';
import { DEAD_REGISTRY, VerifierStage } from '../testonly/verifier-stage.ts';
import type { VerifierConfig } from '../config.ts';

describe('the admission webhook', () => {
  const stage = new VerifierStage();
  let database: TestDatabase;
  let tokens: string;
  let url: string;
  beforeAll(async () => {
    [database] = await Promise.all([TestDatabase.start(), stage.start()]);
    tokens = await stage.file('tokens', TOKEN);
    url = await verifier();
    await storePolicy(url, 'release', { images: [`${stage.registryHost}/acme/**`, `${DEAD_REGISTRY}/**`] });
    await bindPolicies(url, '*', 'release');
    await storePolicy(url, 'by-tag', { tags: 'allow' });
    await bindPolicies(url, 'by-tag', 'by-tag');
    await storePolicy(url, 'warning', { mode: 'warn' });
    await bindPolicies(url, 'warning', 'warning');
  }, 60_000);
  afterEach(() => {
    stage.registry.intercept = () => false;
    stage.logHandler = stage.sigstore.logHandler;
  });
  afterAll(async () => {
    await stage.close();
    await database?.stop();
  });

  const verifier = (changes: Partial<VerifierConfig> = {}): Promise<string> =>
    stage.verifier({ databaseUrl: database.serviceUrl, policyAdminTokenFile: tokens, ...changes });
  const ask = (options: ReviewOptions, at = url): Promise<AdmissionAnswer> =>
    review(at, admissionReview(options));
  const signed = async (tag: string, identity?: string): Promise<string> =>
    pinned(await stage.signedImage(tag, identity), tag);
  const pinned = (image: string, tag: string): string => {
    const digest = [...stage.registry.manifests.keys()].find(
      (key) =>
        key.startsWith('sha256:') && stage.registry.manifests.get(key) === stage.registry.manifests.get(tag),
    );
    return `${image.slice(0, image.lastIndexOf(':'))}@${digest}`;
  };
  const unsigned = (tag: string): string => `${stage.registryHost}/acme/app@${stage.registry.addImage(tag)}`;

  it('lets a signed image run, and notes what it was', async () => {
    const image = await signed('good');
    const answer = await ask({ object: pod(image) });
    expect(answer).toMatchObject({ allowed: true, message: '', warnings: [] });
    expect(answer.audit['images']).toBe(`${image} is ${image.split('@')[1]}`);
  });

  it('refuses an unsigned image, naming container, image and policy', async () => {
    const image = unsigned('bare');
    const answer = await ask({ object: pod(await signed('good'), image) });
    expect(answer.allowed).toBe(false);
    expect(answer.message).toBe(
      `container "app-1", image ${image}: policy release: signed by none of those expected: release: there is no verified signature`,
    );
  });

  it('refuses an image signed by somebody else, and says who', async () => {
    const answer = await ask({ object: pod(await signed('mallory', 'https://evil.test/mallory')) });
    expect(answer.allowed).toBe(false);
    expect(answer.message).toContain(
      `identity ${IDENTITY} is required, the certificate says https://evil.test/mallory`,
    );
  });

  it('refuses a signature that does not hold, and says what is wrong with it', async () => {
    const digest = stage.registry.addImage('forged');
    const { payload, annotations } = await stage.sigstore.sign(stage.registry.addImage('other'));
    stage.registry.addSignatures(digest, [{ payload, annotations }]);
    const answer = await ask({ object: pod(`${stage.registryHost}/acme/app@${digest}`) });
    expect(answer.allowed).toBe(false);
    expect(answer.message).toMatch(
      /one signature does not hold: Cryptographic signature verification failed/,
    );
  });

  describe('with tags', () => {
    it('refuses them unless the policy allows them, and says what to write instead', async () => {
      const image = await stage.signedImage('tagged');
      const answer = await ask({ object: pod(image) });
      expect(answer.allowed).toBe(false);
      expect(answer.message).toBe(
        `container "app-0", image ${image}: policy release: the tag tagged can be moved after this check: ` +
          `name it by digest, now ${pinned(image, 'tagged')}`,
      );
      expect((await ask({ object: pod(pinned(image, 'tagged')) })).allowed).toBe(true);
    });

    it('judges what a tag names now: moved to an unsigned image, it is refused', async () => {
      const image = await stage.signedImage('moving');
      const first = await ask({ object: pod(image), namespace: 'by-tag' });
      expect(first).toMatchObject({ allowed: true, warnings: [] });
      const fixed = pinned(image, 'moving');
      const moved = stage.registry.addImage('moved-to');
      stage.registry.manifests.set('moving', stage.registry.manifests.get(moved) as Uint8Array);
      expect((await ask({ object: pod(image), namespace: 'by-tag' })).allowed).toBe(false);
      expect((await ask({ object: pod(fixed), namespace: 'by-tag' })).allowed).toBe(true);
    });

    it('warns where the policy says so', async () => {
      await storePolicy(url, 'tag-warn', { tags: 'warn' });
      await bindPolicies(url, 'tag-warn', 'tag-warn');
      const answer = await ask({ object: pod(await stage.signedImage('warned')), namespace: 'tag-warn' });
      expect(answer).toMatchObject({
        allowed: true,
        warnings: [expect.stringMatching(/the tag warned can be moved/)],
      });
    });
  });

  describe('fails closed', () => {
    const down = `${DEAD_REGISTRY}/acme/app@sha256:${'0'.repeat(64)}`;

    it('when the registry is down', async () => {
      const answer = await ask({ object: pod(down) });
      expect(answer.allowed).toBe(false);
      expect(answer.message).toContain(`it could not be verified: ${DEAD_REGISTRY} cannot be reached`);
    });

    it('when the image is not in the registry', async () => {
      const answer = await ask({ object: pod(`${stage.registryHost}/acme/app@sha256:${'0'.repeat(64)}`) });
      expect(answer.allowed).toBe(false);
    });

    it('when the registry hangs, within its own time', async () => {
      const image = await signed('hanging');
      stage.registry.intercept = () => true;
      const hasty = await verifier({ admission: { timeoutMs: 200 } });
      const answer = await ask({ object: pod(image) }, hasty);
      expect(answer.allowed).toBe(false);
      expect(answer.message).toContain('not verified within 200 ms');
    });

    it('within the time that the API server gives', async () => {
      const image = await signed('hanging-too');
      stage.registry.intercept = () => true;
      const started = Date.now();
      const answer = await review(url, admissionReview({ object: pod(image) }), '?timeout=1s');
      expect(answer.allowed).toBe(false);
      expect(answer.message).toContain('not verified within 500 ms');
      expect(Date.now() - started).toBeLessThan(5_000);
    });

    it('when the log cannot prove the entry', async () => {
      const image = await signed('unproved');
      stage.logHandler = (_request, response) => {
        response.writeHead(500);
        response.end();
      };
      expect((await ask({ object: pod(image) })).allowed).toBe(false);
    });

    it('when no policy is about the image', async () => {
      const answer = await ask({ object: pod(`ghcr.io/acme/app@sha256:${'0'.repeat(64)}`) });
      expect(answer).toMatchObject({
        allowed: false,
        message: expect.stringContaining('no policy that holds here is about this image'),
      });
    });

    it('when nothing is bound, unless it is told to let such images pass', async () => {
      await bindPolicies(url, 'empty');
      const image = `ghcr.io/acme/app@sha256:${'0'.repeat(64)}`;
      expect((await ask({ object: pod(image), namespace: 'empty' })).allowed).toBe(false);
      const open = await verifier({ admission: { unmatched: 'allow' } });
      expect((await ask({ object: pod(image), namespace: 'empty' }, open)).allowed).toBe(true);
      expect((await ask({ object: pod(down), namespace: 'other' }, open)).allowed).toBe(false);
    });

    it('when a bound policy is missing', async () => {
      await storePolicy(url, 'vanishing');
      await bindPolicies(url, 'vanishing', 'vanishing');
      // The API refuses this; a hand in the database, or a restored one, may do it all the same.
      await database.run(
        database.serviceUrl,
        `INSERT INTO verifier.policy_version VALUES ('vanishing', 2, NULL, 'hand', now())`,
      );
      const answer = await ask({ object: pod(await signed('vanishing')), namespace: 'vanishing' });
      expect(answer).toMatchObject({
        allowed: false,
        message: expect.stringContaining('policy vanishing is bound to vanishing and does not exist'),
      });
    });

    it('when a stored policy cannot be used any more', async () => {
      await database.run(
        database.serviceUrl,
        `INSERT INTO verifier.policy_version VALUES ('broken', 1, '{"metadata":{"name":"broken"},"spec":{"images":[]}}', 'hand', now())`,
      );
      await bindPolicies(url, 'broken', 'broken');
      const answer = await ask({ object: pod(await signed('broken')), namespace: 'broken' });
      expect(answer).toMatchObject({
        allowed: false,
        message: expect.stringContaining('policy broken, version 1, cannot be used'),
      });
    });

    it('without a database', async () => {
      const without = await stage.verifier();
      const answer = await ask({ object: pod(await signed('nowhere')) }, without);
      expect(answer).toMatchObject({
        allowed: false,
        message: expect.stringContaining('DATABASE_URL is not set'),
      });
    });

    it('when the database is down', async () => {
      const image = await signed('down');
      await database.without(async () => {
        const answer = await ask({ object: pod(image) });
        expect(answer).toMatchObject({ allowed: false, message: expect.stringContaining('cannot be used') });
      });
      expect((await ask({ object: pod(image) })).allowed).toBe(true);
    }, 30_000);
  });

  describe('where policies only warn', () => {
    it('lets everything run and says what is wrong', async () => {
      for (const image of [unsigned('w1'), `${DEAD_REGISTRY}/acme/app@sha256:${'0'.repeat(64)}`]) {
        const answer = await ask({ object: pod(image), namespace: 'warning' });
        expect(answer.allowed).toBe(true);
        expect(answer.warnings).toHaveLength(1);
        expect(answer.warnings[0]).toContain(`container "app-0", image ${image}: `);
        expect(answer.warnings[0]?.length).toBeLessThanOrEqual(251);
      }
    });

    it('still refuses what another policy enforces', async () => {
      await bindPolicies(url, 'mixed', 'warning', 'release');
      const answer = await ask({ object: pod(unsigned('w2')), namespace: 'mixed' });
      expect(answer.allowed).toBe(false);
      expect(answer.message).toContain('policy release');
      expect(answer.warnings[0]).toContain('policy warning');
    });

    it('still refuses images that no policy is about', async () => {
      await storePolicy(url, 'narrow', { mode: 'warn', images: ['ghcr.io/**'] });
      await bindPolicies(url, 'narrow', 'narrow');
      expect((await ask({ object: pod(unsigned('w3')), namespace: 'narrow' })).allowed).toBe(false);
    });
  });

  it('wants every policy to be met that is about an image', async () => {
    await storePolicy(url, 'second', {
      tags: 'allow',
      signers: [{ name: 'x', identity: 'y', issuer: ISSUER }],
    });
    await bindPolicies(url, 'both', 'release', 'second');
    const answer = await ask({ object: pod(await signed('both')), namespace: 'both' });
    expect(answer.allowed).toBe(false);
    expect(answer.message).toContain('policy second');
    expect(answer.message).not.toContain('policy release');
  });

  describe('with a list of revocations', () => {
    const lister = PrivateKeySigner.generate('P-256');
    const listed = async (name: string, nextUpdate: Date): Promise<string> => {
      const issuedAt = new Date(NOW.getTime() - 3_600_000);
      const revocation: Revocation = {
        target: { kind: 'identity', identity: IDENTITY },
        from: new Date(0),
        reason: 'keyCompromise',
        revokedAt: issuedAt,
      };
      const list = { sequence: 1, issuedAt, nextUpdate, revocations: [revocation] };
      const file = await stage.file(name, '');
      await writeFile(file, await signRevocationList(list, lister));
      const publicKeyFile = await stage.file('list.pub', lister.publicKey.toPem());
      return verifier({ revocations: { source: { file }, publicKeyFile, whenStale: 'require' } });
    };

    it('refuses who is on it', async () => {
      const strict = await listed('fresh.json', new Date(NOW.getTime() + 3_600_000));
      const answer = await ask({ object: pod(await signed('revoked')) }, strict);
      expect(answer).toMatchObject({ allowed: false, message: expect.stringContaining('revoked') });
    });

    it('refuses everybody while it is not known who is', async () => {
      const strict = await listed('stale.json', new Date(NOW.getTime() - 1_000));
      const answer = await ask({ object: pod(await signed('unknown')) }, strict);
      expect(answer).toMatchObject({
        allowed: false,
        message: expect.stringContaining('what is revoked is not known'),
      });
    });

    it('refuses where a policy needs one and there is none', async () => {
      await storePolicy(url, 'revocable', { requireRevocationList: true });
      await bindPolicies(url, 'revocable', 'revocable');
      const answer = await ask({ object: pod(await signed('unlisted')), namespace: 'revocable' });
      expect(answer).toMatchObject({
        allowed: false,
        message: expect.stringContaining('a list of revocations is required'),
      });
    });
  });

  describe('with attestations', () => {
    const provenance = 'https://slsa.dev/provenance/v0.2';
    const by = (actor: string): object => ({
      builder: { id: 'https://builder.test/v1' },
      invocation: { environment: { github_actor: actor } },
    });
    beforeAll(async () => {
      const signers = [{ name: 'builder', identity: IDENTITY, issuer: ISSUER }];
      await storePolicy(url, 'provenance', {
        attestations: [
          {
            name: 'provenance',
            predicateType: 'slsaprovenance',
            signers,
            predicate: [{ path: 'builder.id', equals: 'https://builder.test/v1' }],
            actor: 'ada',
          },
        ],
      });
      await bindPolicies(url, 'provenance', 'provenance');
    });
    const attested = async (
      tag: string,
      predicate: object | undefined,
      identity?: string,
    ): Promise<string> => {
      const image = await signed(tag);
      const digest = image.split('@')[1] as string;
      if (predicate === undefined) return image;
      stage.registry.addAttestations(digest, [
        await stage.sigstore.attest(digest, provenance, predicate, identity),
      ]);
      return image;
    };
    const judged = async (image: string): Promise<AdmissionAnswer> =>
      ask({ object: pod(image), namespace: 'provenance' });

    it('lets an image run that has the one it needs, beside its signature', async () => {
      expect(await judged(await attested('a1', by('ada')))).toMatchObject({ allowed: true });
    });

    it.each<[string, object | undefined, string | undefined, RegExp]>([
      ['that has none', undefined, undefined, /attested \(provenance\) by none of those expected/],
      [
        'of a build that somebody else started',
        by('eve'),
        undefined,
        /actor ada is required, the provenance says eve/,
      ],
      [
        'whose provenance does not say who started it',
        { builder: { id: 'https://builder.test/v1' } },
        undefined,
        /does not name the actor/,
      ],
      [
        'of another builder',
        { ...by('ada'), builder: { id: 'https://evil.test' } },
        undefined,
        /builder\.id .+ is required, there is https:\/\/evil\.test/,
      ],
      [
        'that somebody else attests',
        by('ada'),
        'https://evil.test/x',
        /the certificate says https:\/\/evil\.test\/x/,
      ],
    ])('refuses an image %s', async (name, predicate, identity, reason) => {
      const answer = await judged(await attested(`a-${name.length}`, predicate, identity));
      expect(answer.allowed).toBe(false);
      expect(answer.message).toMatch(reason);
    });
  });

  it('answers a dry run as it would the real one', async () => {
    expect((await ask({ object: pod(await signed('dry')), dryRun: true })).allowed).toBe(true);
    expect((await ask({ object: pod(unsigned('dry2')), dryRun: true })).allowed).toBe(false);
  });

  it('takes the newest version of a policy at once', async () => {
    await storePolicy(url, 'changing', { tags: 'allow' });
    await bindPolicies(url, 'changing', 'changing');
    const object = pod(await signed('changing'));
    expect((await ask({ object, namespace: 'changing' })).allowed).toBe(true);
    await storePolicy(url, 'changing', { signers: [{ name: 'x', identity: 'y', issuer: ISSUER }] });
    expect((await ask({ object, namespace: 'changing' })).allowed).toBe(false);
  });

  it('asks the registry once for an image that many containers have', async () => {
    stage.registry.requests.length = 0;
    await ask({ object: pod(await signed('once')) });
    const once = stage.registry.requests.length;
    stage.registry.requests.length = 0;
    const image = await signed('often');
    expect((await ask({ object: pod(...Array<string>(20).fill(image)) })).allowed).toBe(true);
    expect(stage.registry.requests).toHaveLength(once);
  });

  it('reads no signature a second time while nothing changes', async () => {
    const image = await signed('again');
    expect((await ask({ object: pod(image) })).allowed).toBe(true);
    stage.registry.requests.length = 0;
    let asked = 0;
    stage.logHandler = (request, response) => {
      asked++;
      stage.sigstore.logHandler(request, response);
    };
    expect((await ask({ object: pod(image) })).allowed).toBe(true);
    expect(stage.registry.requests.filter((path) => path.includes('/blobs/'))).toEqual([]);
    expect(asked).toBe(0);
    const digest = image.split('@')[1] as string;
    stage.registry.addSignatures(digest, [await stage.sigstore.sign(digest, 'https://evil.test/x')]);
    expect((await ask({ object: pod(image) })).allowed).toBe(false);
  });

  describe('reads', () => {
    const kinds: readonly (readonly [string, string, string, (spec: object) => object])[] = [
      ['apps', 'v1', 'Deployment', (spec) => ({ spec: { replicas: 2, template: { metadata: {}, spec } } })],
      ['apps', 'v1', 'ReplicaSet', (spec) => ({ spec: { template: { spec } } })],
      ['apps', 'v1', 'StatefulSet', (spec) => ({ spec: { template: { spec } } })],
      ['apps', 'v1', 'DaemonSet', (spec) => ({ spec: { template: { spec } } })],
      ['batch', 'v1', 'Job', (spec) => ({ spec: { template: { spec } } })],
      ['batch', 'v1', 'CronJob', (spec) => ({ spec: { jobTemplate: { spec: { template: { spec } } } } })],
      ['', 'v1', 'ReplicationController', (spec) => ({ spec: { template: { spec } } })],
      ['', 'v1', 'PodTemplate', (spec) => ({ template: { spec } })],
    ];

    it.each(kinds)('%s/%s %s', async (group, version, kind, make) => {
      const of = (...images: string[]): ReviewOptions => ({
        kind: { group, version, kind },
        object: { apiVersion: version, kind, metadata: {}, ...make(podSpec(...images)) },
      });
      expect((await ask(of(await signed('template')))).allowed).toBe(true);
      expect((await ask(of(await signed('template'), unsigned('bad-template')))).allowed).toBe(false);
    });

    it('containers of every sort, and volumes that are images', async () => {
      const good = await signed('sorts');
      const bad = unsigned('bad-sorts');
      const withPart = (part: object): Record<string, unknown> => ({
        ...pod(good),
        spec: { ...podSpec(good), ...part },
      });
      for (const [role, part] of [
        ['initContainer "i"', { initContainers: [{ name: 'i', image: bad }] }],
        ['ephemeralContainer "e"', { ephemeralContainers: [{ name: 'e', image: bad }] }],
        ['volume "v"', { volumes: [{ name: 'v', image: { reference: bad, pullPolicy: 'Always' } }] }],
      ] as const) {
        const answer = await ask({ object: withPart(part) });
        expect(answer.allowed).toBe(false);
        expect(answer.message).toContain(`${role}, image ${bad}: `);
      }
      const volumes = [
        { name: 'c', configMap: { name: 'x' } },
        { name: 'v', image: { reference: good } },
      ];
      expect((await ask({ object: withPart({ volumes }) })).allowed).toBe(true);
    });

    it('ephemeral containers that are added to a running pod', async () => {
      const running = pod(unsigned('running'));
      const debug = (image: string): ReviewOptions => ({
        operation: 'UPDATE',
        subResource: 'ephemeralcontainers',
        object: {
          ...running,
          spec: { ...(running['spec'] as object), ephemeralContainers: [{ name: 'debugger', image }] },
        },
        oldObject: running,
      });
      expect((await ask(debug(unsigned('debug')))).message).toContain('ephemeralContainer "debugger"');
      expect((await ask(debug(await signed('debug-signed')))).allowed).toBe(true);
    });
  });

  describe('at an update', () => {
    it('leaves alone what was there: a pod must be able to end while its registry is down', async () => {
      const object = pod(`${DEAD_REGISTRY}/acme/app:1`);
      const update = {
        operation: 'UPDATE',
        object: { ...object, metadata: { labels: { a: 'b' } } },
        oldObject: object,
      };
      expect(await ask(update)).toMatchObject({ allowed: true, warnings: [] });
    });

    it('checks what is new', async () => {
      const before = pod(await signed('before'));
      const update = (image: string): ReviewOptions => ({
        operation: 'UPDATE',
        object: pod(image),
        oldObject: before,
      });
      expect((await ask(update(unsigned('after')))).allowed).toBe(false);
      expect((await ask(update(await signed('after-signed')))).allowed).toBe(true);
    });

    it('checks everything when there is no old object to be read', async () => {
      const update = { operation: 'UPDATE', object: pod(unsigned('whole')), oldObject: { spec: 7 } };
      expect((await ask(update)).allowed).toBe(false);
    });
  });

  it('leaves deletions alone', async () => {
    expect(
      await ask({ operation: 'DELETE', object: null, oldObject: pod(unsigned('deleted')) }),
    ).toMatchObject({
      allowed: true,
    });
  });

  describe('refuses to guess', () => {
    it.each<[string, ReviewOptions, RegExp]>([
      [
        'about a kind it does not know',
        { kind: { group: 'example.test', version: 'v1', kind: 'Widget' }, object: {} },
        /kind example\.test\/Widget/,
      ],
      [
        'about another group with a known kind',
        { kind: { group: 'evil.test', version: 'v1', kind: 'Pod' }, object: pod() },
        /kind evil\.test\/Pod/,
      ],
      ['about an operation it does not know', { operation: 'CONNECT', object: {} }, /operation CONNECT/],
      ['without an object', { object: null }, /no spec/],
      ['without a specification', { object: { kind: 'Pod' } }, /no spec/],
      ['with containers that are no list', { object: { spec: { containers: {} } } }, /containers is no list/],
      [
        'with a container that is no object',
        { object: { spec: { containers: ['x'] } } },
        /containers is no list/,
      ],
      [
        'with a container without an image',
        { object: { spec: { containers: [{ name: 'a' }] } } },
        /container "a" has no image/,
      ],
      [
        'with an image that is no text',
        { object: { spec: { containers: [{ name: 'a', image: 7 }] } } },
        /has no image/,
      ],
      [
        'with a container without a name',
        { object: { spec: { containers: [{ image: 'a' }] } } },
        /one of containers has no name/,
      ],
      [
        'with a volume whose image is none',
        { object: { spec: { containers: [], volumes: [{ name: 'v', image: 'x' }] } } },
        /volume "v"/,
      ],
      [
        'with more images than any pod has',
        { object: { spec: podSpec(...Array<string>(201).fill('a')) } },
        /201 images/,
      ],
      ['with an image of no end', { object: pod(`ghcr.io/${'a'.repeat(2000)}`) }, /image of 2008 characters/],
      ['with an image that is none', { object: pod('http://ghcr.io/x') }, /container "app-0"/],
    ])('%s', async (_, options, message) => {
      const answer = await ask(options);
      expect(answer.allowed).toBe(false);
      expect(answer.message).toMatch(message);
    });
  });

  it('lets no text from outside make lines of its own', async () => {
    const object = { spec: { containers: [{ name: 'a\n"x": fine', image: 'ghcr.io/\u001b[2Jx\u202e' }] } };
    const { message } = await ask({ object });
    expect(message.split('\n')).toHaveLength(1);
    expect(message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('bounds its answer', async () => {
    const { message } = await ask({
      object: pod(...Array.from({ length: 150 }, (_, at) => `ghcr.io/acme/app-${at}`)),
    });
    expect(message.split('\n')).toHaveLength(21);
    expect(message).toMatch(/and 130 more reasons$/);
  });

  it('bounds its warnings to what an API server passes on, and counts the rest', async () => {
    const images = Array.from({ length: 30 }, (_, at) => `${DEAD_REGISTRY}/acme/app-${at}:1`);
    const { allowed, warnings } = await ask({ object: pod(...images), namespace: 'warning' });
    expect(allowed).toBe(true);
    expect(warnings).toHaveLength(16);
    expect(warnings[15]).toBe('and 45 more warnings');
    expect(warnings.join('').length).toBeLessThanOrEqual(4096);
  });

  it('lets many images wait for the end of their review, and Node does not take that for a leak', async () => {
    // Node warns on the process itself; tests see a copy of it.
    const real = runInThisContext('process') as NodeJS.Process;
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    real.on('warning', note);
    await ask({ object: pod(...Array.from({ length: 40 }, (_, at) => `${DEAD_REGISTRY}/acme/app:${at}`)) });
    real.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('answers one second and more before a time that was rounded up to whole ones', async () => {
    const image = await signed('rounded');
    stage.registry.intercept = () => true;
    const started = Date.now();
    const { message } = await review(url, admissionReview({ object: pod(image) }), '?timeout=2s');
    expect(message).toContain('not verified within 700 ms');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  describe('as HTTP', () => {
    const post = (body: string, contentType = 'application/json'): Promise<Response> =>
      fetch(`${url}/admission/validate`, { method: 'POST', headers: { 'content-type': contentType }, body });

    it.each([
      ['no JSON', '{'],
      ['nothing', ''],
      ['a list', '[]'],
      ['no request', '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'],
      ['no uid', '{"request":{}}'],
      ['a uid that is no text', '{"request":{"uid":7}}'],
      ['a uid that no header could have', '{"request":{"uid":"a\\nb"}}'],
      ['deep JSON', `${'['.repeat(200)}${']'.repeat(200)}`],
      [
        'containers twice, of which one reader takes the first and another the last',
        JSON.stringify(admissionReview({ object: pod('ghcr.io/evil/app') })).replace(
          '"restartPolicy"',
          '"containers":[],"restartPolicy"',
        ),
      ],
    ])('answers 400 to %s: there is nothing to answer to', async (_, body) => {
      expect((await post(body)).status).toBe(400);
    });

    it.each([
      ['another version', { apiVersion: 'admission.k8s.io/v1beta1' }],
      ['another kind', { kind: 'ConversionReview' }],
    ])('refuses %s', async (_, change) => {
      const answer = await review(url, { ...admissionReview({ object: pod() }), ...change });
      expect(answer).toMatchObject({ allowed: false, message: expect.stringMatching(/no AdmissionReview/) });
    });

    it('refuses a review without kind or operation', async () => {
      const whole = admissionReview({ object: pod() });
      const request = whole['request'] as Record<string, unknown>;
      for (const part of ['kind', 'operation']) {
        const answer = await review(url, { ...whole, request: { ...request, [part]: undefined } });
        expect(answer).toMatchObject({
          allowed: false,
          message: `the review ${part === 'kind' ? 'names no kind' : 'has no operation'}`,
        });
      }
    });

    it('takes reviews of up to 8 MiB', async () => {
      const object = pod(await signed('large'));
      const large = (pad: string): object => ({
        ...object,
        // As many values as a large object has with what is noted of its fields.
        metadata: { annotations: { pad: pad.repeat(3_000_000) }, managedFields: Array(105_000).fill({}) },
      });
      const [oldObject, padded] = [large('x'), large('y')];
      expect((await ask({ operation: 'UPDATE', object: padded, oldObject })).allowed).toBe(true);
      expect((await post(JSON.stringify({ pad: 'x'.repeat(8_400_000) }))).status).toBe(413);
      expect((await post('x=1', 'application/x-www-form-urlencoded')).status).toBe(415);
    });

    it('counts what it answers', async () => {
      await ask({ object: pod(await signed('counted')) });
      const text = await (await fetch(`${url}/metrics`)).text();
      for (const outcome of ['allowed', 'refused', 'warned', 'unreadable']) {
        expect(text).toMatch(new RegExp(`sigstead_admission_reviews_total\\{outcome="${outcome}"\\} [1-9]`));
      }
    });
  });

  it('needs no token', async () => {
    expect((await callPolicies(url, 'policies', { token: null })).status).toBe(200);
    expect((await ask({ object: pod(await signed('open')) })).allowed).toBe(true);
  });
});
