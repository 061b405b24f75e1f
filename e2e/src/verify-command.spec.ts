import { createHash } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendLegacySignature, parseImageReference, RegistryClient } from '@sigstead/oci';
import { DEVELOPMENT_IDENTITY, LocalStack, pushImage, ROOT, run, type Finished } from '@sigstead/instance';

const CLI = join(ROOT, 'tools/cli/bin/sigstead.js');
const SLSA = 'https://slsa.dev/provenance/v1';

const PROVENANCE = {
  buildDefinition: { buildType: 'https://sigstead.dev/test/v1', externalParameters: { ref: 'main' } },
  runDetails: { builder: { id: 'https://sigstead.dev/test/builder' } },
};

let directory: string;
let stack: LocalStack;
let trust: string[];
let signer: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-verify-'));
  stack = await LocalStack.start(join(directory, 'stack'));
  trust = ['--trusted-root', stack.trustedRoot];
  signer = ['--certificate-identity', DEVELOPMENT_IDENTITY, '--certificate-oidc-issuer', stack.issuer];
  await symlink(CLI, join(directory, 'cosign'));
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

function sigstead(...args: string[]): Promise<Finished> {
  return run([process.execPath, CLI, ...args], { SIGSTEAD_URL: stack.url, SIGSTEAD_HOME: directory });
}

/** What the signer answers to an order. */
interface Signed {
  readonly bundle: object;
}

async function order(route: 'sign' | 'attest', body: object): Promise<Signed> {
  const answer = await fetch(`${stack.url}/api/v1/${route}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await stack.identityToken()}`,
    },
    body: JSON.stringify(body),
  });
  if (answer.status !== 200) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Signed;
}

async function pushed(repository: string): Promise<string> {
  return (await pushImage(stack.url, repository, 'v1')).reference;
}

async function file(name: string, content: string | object): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function sha256(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** As cosign prints them. */
interface Result {
  readonly critical: { readonly type: string };
  readonly optional: Readonly<Record<string, unknown>> | null;
}

function results(stdout: string): Result[] {
  return JSON.parse(stdout) as Result[];
}

describe('verify', () => {
  let signed: string;
  let unsigned: string;

  beforeAll(async () => {
    [signed, unsigned] = [await pushed('verify/signed'), await pushed('verify/unsigned')];
    await order('sign', { image: signed, form: 'both', annotations: { stage: 'production' } });
  });

  const verify = (image: string, ...args: string[]): Promise<Finished> =>
    sigstead('verify', image, ...trust, ...args);

  it('tells the chain of trust', async () => {
    const { code, stdout, stderr } = await verify(signed, ...signer);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('VERIFIED');
    expect(stdout).toContain(DEVELOPMENT_IDENTITY);
  });

  it('prints as json what cosign prints, of both forms', async () => {
    const { code, stdout, stderr } = await verify(signed, '--output', 'json', ...signer);
    expect(code).toBe(0);
    expect(stderr).toBe(
      [
        '',
        `Verification for ${signed} --`,
        'The following checks were performed on each of these signatures:',
        '  - The cosign claims were validated',
        '  - Existence of the claims in the transparency log was verified offline',
        '  - The claims were present in the transparency log',
        '  - The code-signing certificate was verified using trusted certificate authority certificates',
        '',
      ].join('\n'),
    );
    const [legacy, bundle, ...others] = results(stdout);
    expect(legacy).toMatchObject({
      critical: { type: 'cosign container image signature' },
      optional: {
        Subject: DEVELOPMENT_IDENTITY,
        Issuer: stack.issuer,
        '1.3.6.1.4.1.57264.1.1': stack.issuer,
        githubWorkflowTrigger: 'push',
        stage: 'production',
      },
    });
    expect(legacy?.optional).toHaveProperty('Bundle.Payload.logID');
    expect(bundle).toMatchObject({
      critical: { type: 'https://sigstore.dev/cosign/sign/v1' },
      optional: { stage: 'production' },
    });
    expect(others).toEqual([]);
  });

  it('is taken for cosign when it is called so', async () => {
    const { code, stdout } = await run([join(directory, 'cosign'), 'verify', ...trust, ...signer, signed], {
      SIGSTEAD_URL: stack.url,
    });
    expect([code, results(stdout)[0]?.optional?.['Subject']]).toEqual([0, DEVELOPMENT_IDENTITY]);
  });

  it('reads the older form alone where it is told to, as cosign is', async () => {
    const { stdout } = await verify(signed, '--new-bundle-format=false', '-o', 'json', ...signer);
    expect(results(stdout).map(({ critical }) => critical.type)).toEqual([
      'cosign container image signature',
    ]);
  });

  it('takes the promise of a log that does not answer, says so, and does not where it must not', async () => {
    const unreachable = ['--rekor-url', 'http://127.0.0.1:9'];
    const taken = await verify(signed, ...unreachable, '-o', 'json', ...signer);
    expect([taken.code, taken.stderr]).toEqual([0, expect.stringContaining('could not be reached')]);
    const offline = await verify(signed, '--offline', '-o', 'json', ...signer);
    expect([offline.code, offline.stderr]).toEqual([0, expect.stringContaining('--offline')]);
    const strict = await verify(
      signed,
      ...['--offline', '--require-inclusion-proof', '--new-bundle-format=false'],
      ...signer,
    );
    expect([strict.code, strict.stderr]).toEqual([
      12,
      expect.stringContaining('inclusion proof is required'),
    ]);
  });

  it('verifies several, and stops at the first that is not signed', async () => {
    const { code, stdout, stderr } = await sigstead(
      ...['verify', signed, unsigned, signed],
      ...[...trust, ...signer],
    );
    expect([code, stdout.match(/^VERIFIED/gm)]).toEqual([10, ['VERIFIED']]);
    expect(stderr).toMatch(/^Error: .*verify\/unsigned:v1: no signatures found$/m);
  });

  it('asks for annotations that were signed', async () => {
    expect((await verify(signed, '-a', 'stage=production', ...signer)).code).toBe(0);
    const { code, stderr } = await verify(signed, '-a', 'stage=test', ...signer);
    expect([code, stderr]).toEqual([12, expect.stringContaining('annotation stage test is required')]);
  });

  it('takes what the certificate says of the GitHub workflow', async () => {
    const trigger = (event: string) => ['--certificate-github-workflow-trigger', event];
    expect((await verify(signed, ...trigger('push'), ...signer)).code).toBe(0);
    expect((await verify(signed, ...trigger('pull_request'), ...signer)).code).toBe(12);
  });

  it.each([
    ['another identity', () => ['--certificate-identity', 'x@y', ...signer.slice(2)]],
    ['another issuer', () => [...signer.slice(0, 2), '--certificate-oidc-issuer', 'https://other']],
    ['a pattern that does not fit', () => ['--certificate-identity-regexp', '^x', ...signer.slice(2)]],
  ])('ends with 12 for %s', async (_, expected) => {
    const { code, stdout, stderr } = await verify(signed, '-o', 'json', ...expected());
    expect([code, stdout]).toEqual([12, '']);
    expect(stderr).toMatch(/^Error: .*is required, the certificate says/);
  });

  it('ends with 11 for an image that is not there, 2 for wrong usage, 1 for a registry that is not', async () => {
    expect((await verify(signed.replace(':v1', ':v2'), ...signer)).code).toBe(11);
    expect((await verify(signed)).code).toBe(2);
    expect((await verify(signed, '--key', 'nothing.pub', ...signer)).code).toBe(1);
    expect((await verify(signed, '--key', CLI, ...signer)).code).toBe(2);
    expect((await verify('127.0.0.1:9/app:v1', ...signer)).code).toBe(1);
  });

  it('ends with 13 where signatures have no certificate', async () => {
    const image = parseImageReference(await pushed('verify/by-key'));
    const client = new RegistryClient({ fetch, timeoutMs: 10_000 });
    const { digest } = await client.resolve(image);
    const critical = {
      identity: { 'docker-reference': image.name },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    };
    const payload = Buffer.from(JSON.stringify({ critical, optional: null }));
    const annotations = { 'dev.cosignproject.cosign/signature': 'AAAA' };
    await appendLegacySignature(client, image, digest, { payload, annotations });
    const { code, stderr } = await verify(image.toString(), ...signer);
    expect([code, stderr]).toEqual([13, expect.stringContaining('no certificate')]);
  });

  it('judges by a policy about images', async () => {
    const policy = (identity: string, spec: object) => ({
      apiVersion: 'sigstead.dev/v1',
      kind: 'ImagePolicy',
      metadata: { name: 'release' },
      spec: {
        images: [`${new URL(stack.url).host}/verify/*`],
        signers: [{ name: 'ci', identity, issuer: stack.issuer }],
        ...spec,
      },
    });
    const good = await file('policy.json', policy(DEVELOPMENT_IDENTITY, { tags: 'allow' }));
    const passed = await verify(signed, '--policy', good);
    expect([passed.code, passed.stdout]).toEqual([0, expect.stringContaining('VERIFIED')]);
    expect((await verify(unsigned, '--policy', good)).code).toBe(10);
    const other = await file('other-policy.json', policy('x@y', { tags: 'allow' }));
    expect((await verify(signed, '--policy', other)).code).toBe(12);
    const pinned = await file('pinned-policy.json', policy(DEVELOPMENT_IDENTITY, {}));
    const moved = await verify(signed, '--policy', pinned);
    expect([moved.code, moved.stderr]).toEqual([12, expect.stringContaining('can be moved')]);
    const elsewhere = await file('else.json', policy(DEVELOPMENT_IDENTITY, { images: ['ghcr.io/acme/*'] }));
    expect((await verify(signed, '--policy', elsewhere)).stderr).toMatch(/is not about/);
  });

  it('shows what lies beside an image, and hands it out', async () => {
    const tree = await sigstead('tree', signed);
    expect([tree.code, tree.stdout]).toEqual([0, expect.stringContaining('🔐 Signatures for an image tag')]);
    expect(tree.stdout).toMatch(/🔗 https:\/\/sigstore\.dev\/cosign\/sign\/v1 artifacts via OCI referrer/);
    const bundles = await sigstead('download', 'bundle', signed);
    expect(JSON.parse(bundles.stdout)).toMatchObject({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    });
    expect((await sigstead('download', 'signature', signed)).stdout).toBe(bundles.stdout);
    expect((await sigstead('download', 'signature', unsigned)).code).toBe(10);
    const { stdout } = await sigstead('triangulate', signed);
    expect(stdout).toMatch(/\/verify\/signed:sha256-[0-9a-f]{64}\.sig\n$/);
  });
});

describe('verify-attestation', () => {
  let attested: string;

  beforeAll(async () => {
    attested = await pushed('verify/attested');
    await order('attest', { image: attested, predicateType: SLSA, predicate: PROVENANCE, form: 'both' });
  });

  const verify = (...args: string[]): Promise<Finished> =>
    sigstead('verify-attestation', attested, ...trust, ...args);

  it('prints the envelopes', async () => {
    const { code, stdout, stderr } = await verify('--type', 'slsaprovenance1', ...signer);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`Verification for ${attested} --`)]);
    const envelopes = stdout.trimEnd().split('\n');
    expect(envelopes).toHaveLength(2);
    for (const line of envelopes) {
      const { payload, payloadType, signatures } = JSON.parse(line) as Record<string, string>;
      expect([payloadType, signatures]).toEqual(['application/vnd.in-toto+json', [expect.anything()]]);
      expect(JSON.parse(Buffer.from(payload ?? '', 'base64').toString())).toMatchObject({
        predicateType: SLSA,
        predicate: PROVENANCE,
      });
    }
  });

  it('refuses another type, another signer, and an image that has none', async () => {
    expect((await verify('--type', 'spdxjson', ...signer)).code).toBe(12);
    expect((await verify('--type', SLSA, '--certificate-identity', 'x@y', ...signer.slice(2))).code).toBe(12);
    const none = await pushed('verify/not-attested');
    expect((await sigstead('verify-attestation', none, ...trust, ...signer)).code).toBe(10);
    expect((await verify('--type', 'no type', ...signer)).code).toBe(2);
  });

  it('is no signature of the image', async () => {
    const { code, stderr } = await sigstead('verify', attested, ...trust, ...signer);
    expect([code, stderr]).toEqual([10, expect.stringContaining('no signatures found')]);
  });

  it('is handed out, by its type', async () => {
    const { stdout } = await sigstead('download', 'attestation', attested, '--predicate-type', SLSA);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect((await sigstead('download', 'attestation', attested, '--predicate-type', 'vuln')).code).toBe(10);
  });
});

describe('files', () => {
  const content = 'released\n';
  let path: string;
  let bundle: string;
  let attestation: string;

  beforeAll(async () => {
    path = await file('released.txt', content);
    const digest = sha256(content);
    bundle = await file('released.sigstore.json', (await order('sign', { digest })).bundle);
    const made = await order('attest', { digest, predicateType: SLSA, predicate: PROVENANCE });
    attestation = await file('released.att.json', made.bundle);
  });

  const verify = (target: string, ...args: string[]): Promise<Finished> =>
    sigstead('verify-blob', target, '--bundle', bundle, ...trust, ...args);

  it('are verified whole or by their digest', async () => {
    for (const target of [path, sha256(content)]) {
      const { code, stdout, stderr } = await verify(target, ...signer);
      expect([code, stdout, stderr]).toEqual([0, '', 'Verified OK\n']);
    }
    const text = await verify(path, '--output', 'text', ...signer);
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining('Chain of trust')]);
  });

  it('are refused when they are others, or others signed', async () => {
    const other = await verify(await file('other.txt', 'other'), ...signer);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('the bundle is about sha256:')]);
    expect((await verify(path, '--certificate-identity', 'x@y', ...signer.slice(2))).code).toBe(1);
    const attested = await sigstead('verify-blob', path, '--bundle', attestation, ...trust, ...signer);
    expect([attested.code, attested.stderr]).toEqual([1, expect.stringContaining('verify-blob-attestation')]);
  });

  it('have attestations', async () => {
    const attest = (...args: string[]) =>
      sigstead('verify-blob-attestation', path, ...trust, '--type', SLSA, ...signer, ...args);
    expect(await attest('--bundle', attestation)).toMatchObject({ code: 0, stderr: 'Verified OK\n' });
    expect((await attest('--bundle', bundle)).code).toBe(1);
    expect((await attest('--bundle', attestation, '--type', 'vuln')).code).toBe(1);
  });

  it('need nothing but files: no stack, no log, nobody', async () => {
    await stack.stop();
    expect(await verify(path, '--offline', ...signer)).toMatchObject({ code: 0, stderr: 'Verified OK\n' });
    expect(await verify(path, ...signer)).toMatchObject({ code: 0, stderr: 'Verified OK\n' });
    const explained = await sigstead('explain', bundle, ...trust, '--artifact', path);
    expect(explained.code).toBe(0);
    expect(explained.stdout.match(/ holds: /g)).toHaveLength(4);
    expect(explained.stdout).not.toMatch(/\bverified\b/i);
    const unjudged = await sigstead('explain', attestation, '--output', 'json');
    expect(JSON.parse(unjudged.stdout)).toMatchObject({
      claims: { signs: { kind: 'statement', predicateType: SLSA } },
      trustedRoot: null,
      links: [],
    });
  }, 60_000);

  it('cannot be verified without a trusted root, which is asked of nobody', async () => {
    const { code, stderr } = await sigstead('verify-blob', path, '--bundle', bundle, ...signer);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no trusted root to judge by')]);
  });
});
