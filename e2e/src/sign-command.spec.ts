import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pushImage, type Finished, type RekorVersion } from '@sigstead/instance';
import { SigningBench } from './harness/signing-bench.ts';

let bench: SigningBench;

beforeAll(async () => {
  bench = await SigningBench.open();
}, 180_000);
afterAll(() => bench?.close(), 60_000);
beforeEach(() => bench.next());

const expectOk = ({ code, stderr }: Finished): void => expect([code, stderr]).toEqual([0, '']);
const linesOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

describe('sign', () => {
  it.each<[string[], object]>([
    [[], { sig: 1, att: 0, bundles: 1, verified: 2 }],
    [['--form', 'legacy'], { sig: 1, att: 0, bundles: 0, verified: 1 }],
    [['--new-bundle-format=false'], { sig: 1, att: 0, bundles: 0, verified: 1 }],
    [['--new-bundle-format=true', '--yes'], { sig: 0, att: 0, bundles: 1, verified: 1 }],
    [['--rekor-version', '2'], { sig: 0, att: 0, bundles: 1, verified: 1 }],
  ])('with %j stores what verifies', async (args, expected) => {
    const { reference, digest: imageDigest } = await bench.image();
    expectOk(
      await bench.sigstead(['sign', reference, '-a', 'built=here', '--annotations', 'by=me', ...args]),
    );
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toEqual(expected);
  });

  it('signs by single URLs, and by the variables of sigstead env', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    const urls = [
      '--fulcio-url',
      bench.stack.url,
      '--rekor-url',
      bench.stack.url,
      '--trusted-root',
      bench.stack.trustedRoot,
    ];
    expectOk(
      await bench.sigstead(['sign', reference, ...urls, '--use-signing-config=false'], { SIGSTEAD_HOME: '' }),
    );
    const variables = {
      SIGSTEAD_HOME: '',
      SIGSTEAD_SIGNING_CONFIG: bench.stack.signingConfig('rekor-v1'),
      SIGSTEAD_TRUSTED_ROOT: bench.stack.trustedRoot,
    };
    expectOk(await bench.sigstead(['sign', reference, '--rekor-version', '2'], variables));
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toMatchObject({
      sig: 1,
      bundles: 2,
      verified: 3,
    });
  });

  it('has a signer service sign where it is told to, one and many', async () => {
    const [one, two] = [await bench.image('service-one'), await bench.image('service-two')];
    const bundles = bench.path('bundles');
    const args = ['sign', one.reference, two.reference, '--signer', bench.stack.url, '--output', 'json'];
    const signed = await bench.sigstead([...args, '--bundle', bundles]);
    expectOk(signed);
    expect(linesOf(signed.stdout)).toMatchObject([{ digest: one.digest }, { digest: two.digest }]);
    for (const { reference, digest: imageDigest } of [one, two]) {
      expect((await bench.judge.beside(reference, imageDigest, bench.somebody)).verified).toBeGreaterThan(0);
      const written = join(bundles, `${imageDigest.replace(':', '-')}.sigstore.json`);
      expect(await bench.judge.verifies(written, imageDigest, bench.somebody)).toBe(true);
    }
    const missing = two.reference.replace(':v1', ':v9');
    const some = await bench.sigstead(['sign', one.reference, missing, '--signer', bench.stack.url]);
    expect([some.code, some.stdout]).toEqual([1, expect.stringContaining(one.digest)]);
    expect(some.stderr).toMatch(/^Error: signing .*:v9: step resolve: .*\nError: 1 of 2 are not signed\n$/);
  });

  it('keeps signatures where COSIGN_REPOSITORY says, and finds them there', async () => {
    const { reference, digest: imageDigest } = await bench.image('kept-elsewhere');
    const elsewhere = { COSIGN_REPOSITORY: `${new URL(bench.stack.url).host}/all/signatures` };
    expectOk(await bench.sigstead(['sign', reference], elsewhere));
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toMatchObject({
      sig: 0,
      bundles: 0,
    });
    const anyone = ['--certificate-identity-regexp', '.*', '--certificate-oidc-issuer-regexp', '.*'];
    expect((await bench.sigstead(['verify', reference, ...anyone], elsewhere)).code).toBe(0);
    expect((await bench.sigstead(['verify', reference, ...anyone])).code).toBe(10);
  });

  it('writes the bundle that cosign writes, and pushes nothing unless it is to', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    const bundle = `${bench.file}.bundle`;
    expectOk(await bench.sigstead(['sign', reference, '--upload=false', '--bundle', bundle]));
    expect(await bench.judge.verifies(bundle, imageDigest, bench.somebody)).toBe(true);
    expect(await bench.judge.beside(reference, imageDigest, bench.somebody)).toMatchObject({
      sig: 0,
      bundles: 0,
    });
    expect((await bench.sigstead(['sign', reference, '--upload=false'])).code).toBe(2);
  });

  it('signs an index with all below it', async () => {
    const repository = 'app/index';
    const children = await Promise.all(
      ['a', 'b'].map((name) => pushImage(bench.stack.url, repository, name)),
    );
    const digests = children.map((child) => child.digest);
    const index = await bench.index(repository, digests);
    const signed = await bench.sigstead(['sign', '--recursive', index.reference]);
    expectOk(signed);
    expect(signed.stdout).toContain('2 more manifests');
    for (const one of [index, ...children]) {
      const beside = await bench.judge.beside(index.reference, one.digest, bench.somebody);
      expect(beside).toMatchObject({ sig: 1, bundles: 1, verified: 2 });
    }
  });

  it('signs several with one token and one certificate, and tells what became of each', async () => {
    const names = ['many/a', 'many/b', 'many/c'];
    const images = await Promise.all(names.map((name) => pushImage(bench.stack.url, name, 'v1', name)));
    const [a, b, c] = images.map(({ reference }) => reference) as [string, string, string];
    const missing = b.replace(':v1', ':v9');
    const before = await bench.certificates();
    const { code, stdout, stderr } = await bench.sigstead(['sign', a, missing, c, '--output', 'json']);
    expect([code, stderr.split('\n').at(-2)]).toEqual([1, 'Error: 1 of 3 are not signed']);
    expect(linesOf(stdout)).toMatchObject([
      { digest: images[0]?.digest },
      { artifact: missing, error: { step: 'resolve' } },
      { digest: images[2]?.digest },
    ]);
    expect((await bench.certificates()) - before).toBe(1);
  });

  it('signs with a key pair', async () => {
    const { reference, digest: imageDigest } = await bench.image();
    const environment = { SIGSTEAD_PASSWORD: 'secret' };
    const prefix = bench.path('pair');
    await bench.sigstead(['generate-key-pair', '--output-key-prefix', prefix], environment);
    const key = await readFile(`${prefix}.pub`, 'utf8');
    const before = await bench.certificates();
    for (const version of ['1', '2']) {
      const args = ['--key', `${prefix}.key`, '--rekor-version', version];
      expectOk(await bench.sigstead(['sign', reference, ...args], environment));
      expectOk(await bench.sigstead(['sign-blob', bench.file, ...args], environment));
      expect(await bench.judge.verifies(`${bench.file}.sigstore.json`, bench.digest, { key })).toBe(true);
    }
    expect(await bench.judge.beside(reference, imageDigest, { key })).toMatchObject({
      sig: 1,
      bundles: 2,
      verified: 3,
    });
    expect(await bench.certificates()).toBe(before);
    const wrong = await bench.sigstead(['sign', reference, '--key', `${prefix}.key`], {
      SIGSTEAD_PASSWORD: 'no',
    });
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/^Error: --key .*password/)]);
    const both = ['--key', `${prefix}.key`, '--identity-token', bench.token];
    expect((await bench.sigstead(['sign', reference, ...both], environment)).code).toBe(2);
  });
});

describe('sign-blob', () => {
  it.each<RekorVersion>(['rekor-v1', 'rekor-v2'])('writes a bundle that verifies on %s', async (log) => {
    const args = [
      '--signing-config',
      bench.stack.signingConfig(log),
      '--trusted-root',
      bench.stack.trustedRoot,
    ];
    expectOk(await bench.sigstead(['sign-blob', bench.file, ...args], { SIGSTEAD_HOME: '' }));
    expect(await bench.judge.verifies(`${bench.file}.sigstore.json`, bench.digest, bench.somebody)).toBe(
      true,
    );
    expect(
      await bench.judge.verifies(`${bench.file}.sigstore.json`, `sha256:${'0'.repeat(64)}`, bench.somebody),
    ).toBe(false);
  });

  it('writes what older verifiers want', async () => {
    const [signature, certificate, timestamp] = ['sig', 'crt', 'tsr'].map(
      (end) => `${bench.file}.${end}`,
    ) as [string, string, string];
    const outputs = ['--output-signature', signature, '--output-certificate', certificate];
    expectOk(await bench.sigstead(['sign-blob', bench.file, ...outputs, '--rfc3161-timestamp', timestamp]));
    expect(Buffer.from(await readFile(certificate, 'utf8'), 'base64').toString()).toContain(
      'BEGIN CERTIFICATE',
    );
    expect(Buffer.from(await readFile(signature, 'utf8'), 'base64')[0]).toBe(0x30);
    expect(JSON.parse(await readFile(timestamp, 'utf8'))).toHaveProperty('SignedRFC3161Timestamp');
    expectOk(await bench.sigstead(['sign-blob', bench.file, ...outputs, '--b64=false']));
    expect((await readFile(signature))[0]).toBe(0x30);
    expect(await readFile(certificate, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE/);
  });

  it('signs 200 digests with one certificate', async () => {
    const digests = Array.from({ length: 200 }, (_, at) => `sha256:${String(at).padStart(64, '0')}`);
    const bundles = bench.path('digests');
    const before = await bench.certificates();
    const startedAt = performance.now();
    const { code } = await bench.sigstead(['sign-blob', ...digests, '--bundle', bundles]);
    process.stdout.write(`200 digests in ${Math.round(performance.now() - startedAt)} ms\n`);
    expect([code, (await bench.certificates()) - before]).toEqual([0, 1]);
    expect(await readdir(bundles)).toHaveLength(200);
    for (const one of digests.slice(0, 10)) {
      const path = join(bundles, `${one.replace(':', '-')}.sigstore.json`);
      expect(await bench.judge.verifies(path, one, bench.somebody)).toBe(true);
    }
  }, 120_000);

  it('signs what it can', async () => {
    const { code, stderr } = await bench.sigstead(['sign-blob', `${bench.file}.none`, bench.file]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be read (ENOENT)')]);
    expect(await bench.judge.verifies(`${bench.file}.sigstore.json`, bench.digest, bench.somebody)).toBe(
      true,
    );
  });
});
