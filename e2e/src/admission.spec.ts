import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEVELOPMENT_IDENTITY, Instance, pushImage, type PushedImage } from '@sigstead/instance';

/** Fields of the answer that an API server reads. */
interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string };
}

describe('a policy, from the administrator to the cluster', () => {
  let instance: Instance;
  let signed: PushedImage;
  let unsigned: PushedImage;
  let token: string;

  beforeAll(async () => {
    instance = await Instance.prepare();
    await instance.startAll();
    const registry = instance.publicUrl('registry');
    signed = await pushImage(registry, 'shop/web', 'v1');
    unsigned = await pushImage(registry, 'shop/web', 'v2');
    await sign(signed.reference);
    token = (await readFile(join(instance.directory, 'policy-admin/token'), 'utf8')).trim();
  }, 180_000);

  afterAll(() => instance.stop(), 60_000);

  async function sign(image: string): Promise<void> {
    const issued = await fetch(`${instance.publicUrl('issuer')}/issuers/github/token`, {
      method: 'POST',
      body: '{}',
    });
    const { value } = (await issued.json()) as { value: string };
    const answer = await fetch(`${instance.publicUrl('signer')}/api/v1/sign`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${value}` },
      body: JSON.stringify({ image }),
    });
    if (answer.status !== 200) throw new Error(`signing: ${answer.status} ${await answer.text()}`);
  }

  const byDigest = ({ reference, digest }: PushedImage): string => reference.replace(/:v\d$/, `@${digest}`);

  async function change(path: string, body: unknown): Promise<number> {
    const answer = await fetch(`${instance.publicUrl('verifier')}/api/v1/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return answer.status;
  }

  async function ask(image: string): Promise<AdmissionResponse> {
    const uid = 'b2f3c6a0-0000-4000-8000-000000000001';
    const answer = await fetch(`${instance.publicUrl('verifier')}/admission/validate?timeout=10s`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        request: {
          uid,
          kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
          resource: { group: 'apps', version: 'v1', resource: 'deployments' },
          name: 'web',
          namespace: 'shop',
          operation: 'CREATE',
          userInfo: { username: 'admin' },
          object: {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'web', namespace: 'shop' },
            spec: { template: { spec: { containers: [{ name: 'web', image }] } } },
          },
          oldObject: null,
          dryRun: false,
        },
      }),
    });
    const { response } = (await answer.json()) as { response: AdmissionResponse };
    expect(response.uid).toBe(uid);
    return response;
  }

  it('lets nothing run before there is one', async () => {
    const { allowed, status } = await ask(byDigest(signed));
    expect([allowed, status]).toEqual([
      false,
      expect.objectContaining({ message: expect.stringContaining('no policy that holds here') }),
    ]);
  });

  it('is stored, bound and enforced', async () => {
    const document = {
      apiVersion: 'sigstead.dev/v1',
      kind: 'ImagePolicy',
      metadata: { name: 'shop' },
      spec: {
        images: [`${new URL(instance.publicUrl('registry')).host}/shop/*`],
        signers: [
          {
            name: 'release',
            identity: DEVELOPMENT_IDENTITY,
            issuer: `${instance.publicUrl('issuer')}/issuers/github`,
            github: { ref: 'refs/heads/main', trigger: 'push' },
          },
        ],
      },
    };
    expect(await change('policies/shop', document)).toBe(201);
    expect(await change('policy-bindings/shop', { policies: ['shop'] })).toBe(201);
    expect(await ask(byDigest(signed))).toMatchObject({ allowed: true });
    for (const [image, reason] of [
      [byDigest(unsigned), 'there is no verified signature'],
      [signed.reference, 'the tag v1 can be moved after this check'],
    ] as const) {
      const { allowed, status } = await ask(image);
      expect(allowed).toBe(false);
      expect(status?.message).toContain(reason);
    }
  });

  it('holds after the verifier was started again', async () => {
    await instance.service('verifier').stop();
    await instance.start('verifier');
    expect(await ask(byDigest(signed))).toMatchObject({ allowed: true });
    expect(await ask(byDigest(unsigned))).toMatchObject({ allowed: false });
  });

  it('is out of reach with the registry, and then nothing runs', async () => {
    await instance.service('registry').stop();
    const { allowed, status } = await ask(byDigest(signed));
    expect(allowed).toBe(false);
    expect(status?.message).toContain('cannot be reached');
  });
});
