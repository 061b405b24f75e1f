import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readBody } from '@sigstead/http';
import { IssuerAgents } from './issuer-agents.ts';
import { createIssuerFetch, type OwnedIssuerFetch } from './issuer-fetch.ts';
import { RecordingServer } from './testonly/recording-server.ts';
import { TlsAuthority } from './testonly/tls-authority.ts';

const internalCa = new TlsAuthority('internal CA');
const otherCa = new TlsAuthority('other CA');

const reasonOf = async (work: Promise<unknown>): Promise<string> => {
  const error = (await work.then(
    () => ({ code: 'answered' }),
    (reason: unknown) => reason,
  )) as { code?: unknown; cause?: { code?: unknown } };
  return String(error.code ?? error.cause?.code);
};
const get = async (
  fetch: OwnedIssuerFetch,
  url: string,
  access: { issuerUrl: string; caCertificates?: string },
) => {
  const response = await fetch(url, {}, access);
  return `${response.status} ${await response.text()}`;
};

let issuer: RecordingServer;
let fetch: OwnedIssuerFetch;

beforeEach(async () => {
  issuer = await RecordingServer.start(internalCa.issue());
  fetch = createIssuerFetch();
});
afterEach(async () => {
  fetch.close();
  await issuer.stop();
});

describe('the CA of an issuer', () => {
  it('counts for that issuer', async () => {
    const access = { issuerUrl: issuer.url, caCertificates: internalCa.certificate };
    expect(await get(fetch, `${issuer.url}/keys`, access)).toBe('200 hello');
  });

  it('may be one of several', async () => {
    const caCertificates = `${otherCa.certificate}\n${internalCa.certificate}`;
    expect(await get(fetch, `${issuer.url}/keys`, { issuerUrl: issuer.url, caCertificates })).toBe(
      '200 hello',
    );
  });

  it.each([
    ['no CA of its own', undefined],
    ['another CA', otherCa.certificate],
  ])(
    'does not count for an issuer with %s, not even over a connection that stands',
    async (_, caCertificates) => {
      await get(fetch, issuer.url, { issuerUrl: issuer.url, caCertificates: internalCa.certificate });
      const access = {
        issuerUrl: 'https://other.example',
        ...(caCertificates === undefined ? {} : { caCertificates }),
      };
      expect(await reasonOf(fetch(`${issuer.url}/keys`, {}, access))).toMatch(
        /SELF_SIGNED_CERT|UNABLE_TO_VERIFY/,
      );
      expect(issuer.requests).toHaveLength(1);
    },
  );

  it('does not excuse a name the certificate does not have', async () => {
    const misnamed = await RecordingServer.start(internalCa.issue('DNS:issuer.example'));
    const access = { issuerUrl: misnamed.url, caCertificates: internalCa.certificate };
    expect(await reasonOf(fetch(misnamed.url, {}, access))).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(misnamed.requests).toEqual([]);
    await misnamed.stop();
  });

  it.each(['', 'PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'that is no certificate stops the call: %j',
    async (caCertificates) => {
      const access = { issuerUrl: issuer.url, caCertificates };
      expect(await reasonOf(fetch(issuer.url, {}, access))).toBe('CERTIFICATES');
      expect(issuer.requests).toEqual([]);
    },
  );

  // Where Node can tell its roots, one more can be given to it for a test.
  const canAddRoot = 'setDefaultCACertificates' in tls;
  (canAddRoot ? it : it.skip)(
    "counts beside the system's roots (needs a Node whose roots can be set)",
    async () => {
      const { getCACertificates, setDefaultCACertificates } = tls as unknown as {
        getCACertificates(kind: string): string[];
        setDefaultCACertificates(certificates: string[]): void;
      };
      const roots = getCACertificates('default');
      setDefaultCACertificates([...roots, internalCa.certificate]);
      try {
        const access = { issuerUrl: issuer.url, caCertificates: otherCa.certificate };
        expect(await get(fetch, issuer.url, access)).toBe('200 hello');
      } finally {
        setDefaultCACertificates(roots);
      }
    },
  );
});

describe('connections', () => {
  const access = () => ({ issuerUrl: issuer.url, caCertificates: internalCa.certificate });

  it('are used again', async () => {
    for (let i = 0; i < 20; i++) await get(fetch, issuer.url, access());
    expect(issuer.requests).toHaveLength(20);
    // One would do; a next one is made when the last answer has been read but its connection is not yet free.
    expect(issuer.connections).toBeLessThanOrEqual(4);
  });

  it('are made by a bounded number of agents, the one unused for longest giving way', () => {
    const agents = new IssuerAgents(2);
    const trusting = (authority: TlsAuthority) =>
      agents.agentsFor({ kind: 'system-and', caCertificates: authority.certificate });
    const internal = trusting(internalCa);
    const other = trusting(otherCa);
    expect(trusting(internalCa)).toBe(internal);
    agents.agentsFor({ kind: 'system' });
    expect(agents.size).toBe(2);
    expect(trusting(internalCa)).toBe(internal);
    expect(trusting(otherCa)).not.toBe(other);
  });

  it('are given up when the caller has read enough', async () => {
    const gone = new Promise<void>((resolve) => {
      issuer.answers.set('/endless', (response) => {
        const pump = (): void => void (response.destroyed || response.write('x'.repeat(65_536), pump));
        response.on('close', resolve);
        pump();
      });
    });
    const response = await fetch(`${issuer.url}/endless`, {}, access());
    expect(await readBody(response, 1000)).toMatchObject({ complete: false });
    await gone;
  });

  it.each(['http', 'https'])('over %s to a host that never speaks end in time', async (scheme) => {
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const signal = AbortSignal.timeout(100);
    await expect(fetch(url, { signal }, { issuerUrl: url })).rejects.toMatchObject({ name: 'TimeoutError' });
    silent.close();
  });

  it('with a body that stops end in time', async () => {
    issuer.answers.set('/stalled', (response) => void response.write('{'));
    const response = await fetch(`${issuer.url}/stalled`, { signal: AbortSignal.timeout(1_000) }, access());
    await expect(response.text()).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('end with the signal of the caller, and its reason', async () => {
    const controller = new AbortController();
    issuer.answers.set('/slow', () => controller.abort(new Error('late')));
    await expect(fetch(`${issuer.url}/slow`, { signal: controller.signal }, access())).rejects.toThrow(
      'late',
    );
  });

  it('are no longer made once it is closed', async () => {
    await get(fetch, issuer.url, access());
    fetch.close();
    expect(await reasonOf(fetch(issuer.url, {}, access()))).toBe('CLOSED');
  });
});

it('follows no redirect', async () => {
  const elsewhere = await RecordingServer.start();
  const access = { issuerUrl: issuer.url, caCertificates: internalCa.certificate };
  issuer.redirect('/away', `${elsewhere.url}/keys`);
  issuer.redirect('/here', '/keys');
  for (const path of ['/away', '/here']) {
    // What the caller asked for does not matter.
    const response = await fetch(issuer.url + path, { redirect: 'follow' }, access);
    expect(response.status).toBe(302);
  }
  expect([elsewhere.requests, issuer.requests.map(({ path }) => path)]).toEqual([[], ['/away', '/here']]);
  await elsewhere.stop();
});

describe('the issuer of the Kubernetes cluster', () => {
  const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.pod.secret';
  const clusterCa = new TlsAuthority('cluster CA');
  const folder = mkdtempSync(join(tmpdir(), 'issuer-access-'));
  const caFile = join(folder, 'ca.crt');
  const tokenFile = join(folder, 'token');
  let apiServer: RecordingServer;
  let inCluster: OwnedIssuerFetch;

  beforeAll(async () => {
    apiServer = await RecordingServer.start(clusterCa.issue());
  });
  afterAll(async () => {
    await apiServer.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    apiServer.requests.length = 0;
    apiServer.answers.clear();
    writeFileSync(caFile, clusterCa.certificate);
    writeFileSync(tokenFile, `${TOKEN}\n`);
    inCluster = createIssuerFetch({
      kubernetes: { issuerUrls: [apiServer.url], caFiles: [join(folder, 'absent'), caFile], tokenFile },
    });
  });
  afterEach(() => inCluster.close());

  const sentTo = (server: RecordingServer) => server.requests.map(({ authorization }) => authorization);

  it('is dialled with the CA of the cluster and the token of the pod', async () => {
    expect(await get(inCluster, `${apiServer.url}/openid/v1/jwks`, { issuerUrl: apiServer.url })).toBe(
      '200 hello',
    );
    expect(sentTo(apiServer)).toEqual([`Bearer ${TOKEN}`]);
  });

  it('is known by default under both of its usual names', async () => {
    const usual = createIssuerFetch({ kubernetes: { caFiles: [join(folder, 'absent')] } });
    for (const issuerUrl of [
      'https://kubernetes.default.svc',
      'https://kubernetes.default.svc.cluster.local',
    ]) {
      expect(await reasonOf(usual(`${issuerUrl}/keys`, {}, { issuerUrl }))).toBe('CLUSTER_CA');
    }
    await usual.close();
  });

  it('gets the token of now: the cluster renews it', async () => {
    await get(inCluster, apiServer.url, { issuerUrl: apiServer.url });
    writeFileSync(tokenFile, 'renewed');
    await get(inCluster, apiServer.url, { issuerUrl: apiServer.url });
    expect(sentTo(apiServer)).toEqual([`Bearer ${TOKEN}`, 'Bearer renewed']);
  });

  it('is asked without a token where none is mounted', async () => {
    rmSync(tokenFile);
    expect(await get(inCluster, apiServer.url, { issuerUrl: apiServer.url })).toBe('200 hello');
    expect(sentTo(apiServer)).toEqual([undefined]);
  });

  it('is not asked with what is no token, and the message does not repeat it', async () => {
    writeFileSync(tokenFile, 'two\nlines');
    await expect(inCluster(apiServer.url, {}, { issuerUrl: apiServer.url })).rejects.toMatchObject({
      code: 'CLUSTER_TOKEN',
      message: expect.not.stringContaining('two'),
    });
    expect(apiServer.requests).toEqual([]);
  });

  it('is not asked without the CA of the cluster', async () => {
    rmSync(caFile);
    expect(await reasonOf(inCluster(apiServer.url, {}, { issuerUrl: apiServer.url }))).toBe('CLUSTER_CA');
  });

  it('is trusted by the CA of the cluster alone', async () => {
    writeFileSync(caFile, otherCa.certificate);
    const access = { issuerUrl: apiServer.url, caCertificates: clusterCa.certificate };
    expect(await reasonOf(inCluster(apiServer.url, {}, access))).toMatch(/SELF_SIGNED_CERT|UNABLE_TO_VERIFY/);
    expect(apiServer.requests).toEqual([]);
  });

  // CVE-2026-49478: whoever could make the API server's discovery point elsewhere got the pod's token.
  describe('keeps the token of the pod', () => {
    it('when it redirects to another host', async () => {
      const elsewhere = await RecordingServer.start(clusterCa.issue());
      apiServer.redirect('/keys', `${elsewhere.url}/keys`);
      await inCluster(`${apiServer.url}/keys`, { redirect: 'follow' }, { issuerUrl: apiServer.url });
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.stop();
    });

    it('when its keys are said to be on another port, whatever header comes along', async () => {
      const elsewhere = await RecordingServer.start(clusterCa.issue());
      await get(inCluster, `${elsewhere.url}/keys`, { issuerUrl: apiServer.url });
      expect(sentTo(elsewhere)).toEqual([undefined]);
      await elsewhere.stop();
    });

    it('when its keys are said to be on another name of the same host', async () => {
      const url = apiServer.url.replace('127.0.0.1', 'localhost');
      await get(inCluster, `${url}/keys`, { issuerUrl: apiServer.url });
      expect(sentTo(apiServer)).toEqual([undefined]);
    });

    it('when its keys are said to be without TLS', async () => {
      const plain = await RecordingServer.start();
      await get(inCluster, `${plain.url}/keys`, { issuerUrl: apiServer.url });
      expect(sentTo(plain)).toEqual([undefined]);
      await plain.stop();
    });

    it.each([
      'https://evil.example',
      (url: string) => `${url}/`,
      (url: string) => `${url}/tenant`,
      (url: string) => url.replace('127.0.0.1', '127.0.0.1.evil.example'),
    ])('when another issuer says that its keys are there (%#)', async (other) => {
      const issuerUrl = typeof other === 'string' ? other : other(apiServer.url);
      await get(inCluster, `${apiServer.url}/api/v1/secrets`, {
        issuerUrl,
        caCertificates: clusterCa.certificate,
      });
      expect(sentTo(apiServer)).toEqual([undefined]);
    });
  });
});
