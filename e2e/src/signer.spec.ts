import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Instance, pushImage, type PushedImage } from '@sigstead/instance';
import pg from 'pg';
import { Gate } from './harness/gate.ts';

interface Manifest {
  readonly layers?: readonly unknown[];
  readonly manifests?: readonly unknown[];
}

/** How often the signer dies in the middle; each time in another step. */
const DEATHS = ['/api/v2/signingCert', '/api/v1/log/entries', 'blobs/uploads', 'manifests/sha256'] as const;

describe('kill -9 of the signer', () => {
  let instance: Instance;
  let services: Gate;
  let registry: Gate;
  let log: Gate;
  let token: string;

  beforeAll(async () => {
    instance = await Instance.prepare();
    for (const name of [
      'issuer',
      'registry',
      'transparencyLog',
      'certificateAuthority',
      'timestampAuthority',
      'verifier',
    ] as const)
      await instance.start(name);
    services = await Gate.open(instance.internalUrl('certificateAuthority'));
    log = await Gate.open(instance.internalUrl('transparencyLog'));
    registry = await Gate.open(instance.internalUrl('registry'));
    const answer = await fetch(`${instance.publicUrl('issuer')}/issuers/github/token`, { method: 'POST' });
    token = ((await answer.json()) as { value: string }).value;
  }, 180_000);

  afterAll(async () => {
    for (const gate of [services, log, registry]) await gate.close();
    await instance.stop();
  }, 60_000);

  const start = () =>
    instance.start('signer', {
      CA_URL: `http://${services.host}`,
      REKOR_URL: `http://${log.host}`,
      ALLOW_INSECURE_REGISTRIES: registry.host,
    });
  const sign = (image: string) =>
    fetch(`${instance.publicUrl('signer')}/api/v1/sign`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ image }),
    });
  const stored = async ({ digest, repository }: { digest: string; repository: string }) => {
    const tagged = async (tag: string): Promise<Manifest> => {
      const answer = await fetch(`${instance.internalUrl('registry')}/v2/${repository}/manifests/${tag}`);
      return answer.ok ? ((await answer.json()) as Manifest) : {};
    };
    const listed = await fetch(`${instance.internalUrl('registry')}/v2/${repository}/referrers/${digest}`);
    const referrers = listed.ok
      ? ((await listed.json()) as Manifest)
      : await tagged(digest.replace(':', '-'));
    return {
      signatures: (await tagged(`${digest.replace(':', '-')}.sig`)).layers?.length ?? 0,
      referrers: referrers.manifests?.length ?? 0,
    };
  };

  it.each(DEATHS)(
    'at %s leaves nothing half signed, and again is safe',
    async (path) => {
      const repository = `demo/${DEATHS.indexOf(path)}`;
      const image: PushedImage = await pushImage(instance.publicUrl('registry'), repository, 'v1');
      const reference = `${registry.host}/${repository}:v1`;
      const signer = await start();
      const gate = path.includes('signingCert') ? services : path.includes('/log/') ? log : registry;
      const met = gate.hold(
        ({ method, url }) => method !== 'GET' && method !== 'HEAD' && url?.includes(path) === true,
      );
      const dying = sign(reference).catch(() => undefined);
      await met;
      await signer.stop('SIGKILL');
      await dying;
      gate.release();
      expect(await stored({ digest: image.digest, repository })).toEqual({ signatures: 0, referrers: 0 });

      const next = await start();
      const again = await sign(reference);
      expect([again.status, await stored({ digest: image.digest, repository })]).toEqual([
        200,
        { signatures: 1, referrers: 1 },
      ]);
      await next.stop();
      const verified = await fetch(`${instance.publicUrl('verifier')}/api/v1/verify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          image: `localhost:${instance.ports.registry}/${repository}@${image.digest}`,
          policy: { anyIdentity: true },
        }),
      });
      expect(await verified.json()).toMatchObject({ verified: true });
    },
    120_000,
  );

  it('is on record as requests that have no outcome', async () => {
    const client = new pg.Client({ connectionString: instance.ownerDatabaseUrl });
    await client.connect();
    const { rows } = await client.query<{ finished: boolean; count: string }>(
      `SELECT EXISTS (SELECT FROM signer.outcome WHERE request_id = id) AS finished, count(*) FROM signer.request GROUP BY 1 ORDER BY 1`,
    );
    await client.end();
    // The one that died before the authority had said who asks is nobody's.
    expect(rows).toEqual([
      { finished: false, count: String(DEATHS.length - 1) },
      { finished: true, count: String(DEATHS.length) },
    ]);
  });
});
