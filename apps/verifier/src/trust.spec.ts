import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { signRevocationList, type Revocation } from '@sigstead/revocation';
import { ConfigError, createLog, type Readiness } from '@sigstead/server';
import type { RevocationsSpec } from '@sigstead/trust-access';
import { createVerifier } from './create-verifier.ts';
import { IDENTITY, NOW, SmallSigstore } from './testonly/small-sigstore.ts';
import { POLICY, postVerify, VerifierStage } from './testonly/verifier-stage.ts';

const stage = new VerifierStage();
beforeAll(() => stage.start());
afterAll(() => stage.close());

describe('GET /trust/<name>', () => {
  let url: string;
  beforeAll(async () => {
    await writeFile(join(stage.directory, 'signing_config.v0.2.json'), '{"mediaType":"x"}');
    await writeFile(join(stage.directory, 'secret.json'), '{"key":"private"}');
    url = await stage.verifier();
  });

  it('serves the trust files as they lie there, without an entity tag', async () => {
    const response = await fetch(`${url}/trust/trusted_root.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('etag')).toBeNull();
    expect(await response.text()).toBe(await stage.sigstore.trustedRoot());
    expect(await (await fetch(`${url}/trust/signing_config.v0.2.json`)).text()).toBe('{"mediaType":"x"}');
  });

  it.each(['signing_config_rekor_v2.v0.2.json', 'client_trust_config_rekor_v2.json'])(
    'serves %s, for clients of Rekor v2',
    async (name) => {
      await writeFile(join(stage.directory, name), `{"name":"${name}"}`);
      expect(await (await fetch(`${url}/trust/${name}`)).json()).toEqual({ name });
    },
  );

  it('serves certificates and keys as PEM', async () => {
    await writeFile(join(stage.directory, 'tsa.certchain.pem'), 'a chain');
    const response = await fetch(`${url}/trust/tsa.certchain.pem`);
    expect(response.headers.get('content-type')).toBe('application/x-pem-file');
    expect(await response.text()).toBe('a chain');
  });

  it.each([
    'client_trust_config.json',
    'secret.json',
    'TRUSTED_ROOT.JSON',
    'trusted_root.json.bak',
    '..%2Ftrusted_root.json',
    '%2e%2e%2fsecret.json',
    'trusted_root.json%00',
    'constructor',
  ])('answers 404 for %s', async (name) => {
    const response = await fetch(`${url}/trust/${name}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('serves nothing without a folder', async () => {
    const bare = await stage.verifier({ trustDirectory: undefined });
    expect((await fetch(`${bare}/trust/trusted_root.json`)).status).toBe(404);
  });
});

describe('the trusted root of the verifier', () => {
  const start = (file: string): Promise<unknown> =>
    createVerifier(stage.config({ trustedRootFile: file }), {
      clock: () => NOW,
      fetch,
      log: createLog('verifier', 'silent'),
    });

  it('must be there and be one', async () => {
    await expect(start(join(stage.directory, 'nothing.json'))).rejects.toThrow(ConfigError);
    const broken = join(stage.directory, 'broken.json');
    await writeFile(broken, '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=9"}');
    await expect(start(broken)).rejects.toThrow(/broken\.json is no trusted root: mediaType/);
  });

  it('makes the service ready while it has current instances', async () => {
    const url = await stage.verifier();
    const response = await fetch(`${url}/readyz`);
    expect([response.status, await response.json()]).toMatchObject([200, { ready: true }]);
  });

  it('makes it unready when its instances are out of date', async () => {
    const before = () => new Date('2020-01-01T00:00:00Z');
    const service = await createVerifier(stage.config(), {
      clock: before,
      fetch,
      log: createLog('verifier', 'silent'),
    });
    const { ready, checks }: Readiness = await service.ready();
    expect([ready, checks['trusted-root']?.detail]).toEqual([
      false,
      'default has no current certificate authority',
    ]);
    await service.close();
  });
});

describe('several trust roots', () => {
  const partner = new SmallSigstore();
  let list: string;
  beforeAll(async () => {
    list = join(stage.directory, 'roots.yaml');
    await writeFile(join(stage.directory, 'partner.json'), await partner.trustedRoot());
    await writeFile(
      list,
      'trustRoots: [{ name: acme, file: trusted_root.json }, { name: partner, file: partner.json }]',
    );
  });

  const judge = async (url: string, image: string): Promise<{ verified: boolean; signatures: object[] }> =>
    (await (await postVerify(url, { image, policy: POLICY })).json()) as never;

  it('each vouch for their own, and the verdict names the one', async () => {
    const url = await stage.verifier({
      trustedRootFile: undefined,
      trustRootsFile: list,
      requireInclusionProof: false,
    });
    const digest = stage.registry.addImage('by-partner');
    stage.registry.addSignatures(digest, [await partner.sign(digest)]);
    for (const [image, trustRoot] of [
      [await stage.signedImage('by-acme'), 'acme'],
      [`${stage.registryHost}/acme/app:by-partner`, 'partner'],
    ] as const)
      expect(await judge(url, image)).toMatchObject({ verified: true, signatures: [{ trustRoot }] });
  });

  it('must be a list', async () => {
    await writeFile(join(stage.directory, 'none.yaml'), 'trustRoots: []');
    const config = stage.config({
      trustedRootFile: undefined,
      trustRootsFile: join(stage.directory, 'none.yaml'),
    });
    const log = createLog('verifier', 'silent');
    await expect(createVerifier(config, { clock: () => NOW, fetch, log })).rejects.toThrow(ConfigError);
  });
});

describe('revocations', () => {
  const signer = PrivateKeySigner.generate('P-256');
  const issuedAt = new Date(NOW.getTime() - 3_600_000);
  const write = async (name: string, nextUpdate: Date, identity = IDENTITY): Promise<RevocationsSpec> => {
    const revocation: Revocation = {
      target: { kind: 'identity', identity },
      from: new Date(0),
      reason: 'keyCompromise',
      revokedAt: issuedAt,
    };
    const [file, publicKeyFile] = [join(stage.directory, name), join(stage.directory, 'list.pub')];
    const signed = { sequence: 1, issuedAt, nextUpdate, revocations: [revocation] };
    await writeFile(file, await signRevocationList(signed, signer));
    await writeFile(publicKeyFile, signer.publicKey.toPem());
    return { source: { file }, publicKeyFile, whenStale: 'require' };
  };

  it('are applied', async () => {
    const revocations = await write('fresh.json', new Date(NOW.getTime() + 3_600_000));
    const url = await stage.verifier({ revocations });
    const answer = await postVerify(url, { image: await stage.signedImage('revoked'), policy: POLICY });
    expect(await answer.json()).toMatchObject({ verified: false });
    const { checks } = (await (await fetch(`${url}/readyz`)).json()) as Readiness;
    expect(checks['revocations']).toMatchObject({ ok: true, detail: 'list 1 of 1' });
  });

  it('that are required and not fresh stop every verification, and readiness', async () => {
    const revocations = await write('stale.json', new Date(NOW.getTime() - 1_000));
    const url = await stage.verifier({ revocations });
    const answer = await postVerify(url, { image: await stage.signedImage('unknown'), policy: POLICY });
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      {
        type: 'urn:sigstead:problem:revocations-unknown',
        detail: expect.stringMatching(/what is revoked is not known/),
      },
    ]);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });

  it('that are not fresh any more stop verdicts that are kept as well', async () => {
    const nextUpdate = new Date(NOW.getTime() + 3_600_000);
    const revocations = await write('ends.json', nextUpdate, 'somebody-else@acme.example');
    let now = NOW;
    const service = await createVerifier(stage.config({ revocations }), {
      clock: () => now,
      fetch,
      log: createLog('verifier', 'silent'),
    });
    const url = await service.listen(0, '127.0.0.1');
    const image = await stage.signedImage('kept');
    const verify = (): Promise<Response> => postVerify(url, { image, policy: POLICY });
    await verify();
    expect(await (await verify()).json()).toMatchObject({ verified: true, cached: true });
    now = nextUpdate;
    expect((await verify()).status).toBe(503);
    await service.close();
  });
});
