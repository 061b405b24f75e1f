import { Instance } from '@sigstead/instance';
import { decodeBase64Url, decodeUtf8 } from '@sigstead/encoding';
import type { BenchmarkOptions } from './benchmark.ts';
import { makeClientKeys, type ClientKey } from './client-keys.ts';
import { closedLoop, type LoadRequest, type LoadResult } from './closed-loop.ts';
import { measureIssuanceSteps } from './issuance-steps.ts';
import { processorTime } from './processor-time.ts';
import { table } from './table.ts';

const KEYS = 256;
const CLIENTS = [1, 16, 64] as const;

/**
 * Certificates with an embedded SCT: P-384 CA, CT log, issuer and PostgreSQL as processes of this machine, which the
 * load generator shares. Then what each step costs alone.
 */
export async function benchmarkCertificates({ seconds, print }: BenchmarkOptions): Promise<void> {
  const instance = await Instance.prepare();
  try {
    for (const name of ['issuer', 'transparencyLog', 'certificateAuthority'] as const)
      await instance.start(name);
    const token = await requestToken(instance);
    const keys = makeClientKeys(KEYS, subjectOf(token));
    await issue(instance, token, keys, 4, Math.min(seconds, 3));
    const rows = [];
    for (const clients of CLIENTS) {
      const before = processorTimes(instance);
      const result = await issue(instance, token, keys, clients, seconds);
      rows.push([...latencyColumns(result), ...perCertificate(before, processorTimes(instance), result)]);
    }
    print(
      table(
        ['clients', 'per s', 'p50 ms', 'p95 ms', 'p99 ms', 'CPU ms: CA', 'log', 'PostgreSQL', 'generator'],
        rows,
      ),
    );
    print('');
    print(table(['step of one certificate', 'ms'], await measureIssuanceSteps(instance, token, keys)));
  } finally {
    await instance.stop();
  }
}

async function requestToken(instance: Instance): Promise<string> {
  const url = `${instance.internalUrl('issuer')}/issuers/github/token?audience=sigstore`;
  const answer = await fetch(url, { headers: { authorization: 'bearer benchmark' } });
  if (!answer.ok) throw new Error(`the issuer answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { value: string }).value;
}

function subjectOf(token: string): string {
  const claims = JSON.parse(decodeUtf8(decodeBase64Url(token.split('.', 2)[1] ?? ''))) as { sub: string };
  return claims.sub;
}

function issue(
  instance: Instance,
  token: string,
  keys: readonly ClientKey[],
  clients: number,
  seconds: number,
): Promise<LoadResult> {
  const requests = keys.map(({ pem, proof }): LoadRequest => {
    const body = JSON.stringify({
      publicKeyRequest: { publicKey: { algorithm: 'ECDSA', content: pem }, proofOfPossession: proof },
    });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return { path: '/api/v2/signingCert', headers, body };
  });
  let sent = 0;
  return closedLoop({
    url: instance.internalUrl('certificateAuthority'),
    next: () => requests[sent++ % requests.length] as LoadRequest,
    wantStatus: 200,
    clients,
    seconds,
  });
}

function latencyColumns({ clients, perSecond, p50, p95, p99 }: LoadResult): (string | number)[] {
  return [String(clients), perSecond, p50, p95, p99];
}

/** CA, log, PostgreSQL, and this process. */
function processorTimes(instance: Instance): number[] {
  const services = (['certificateAuthority', 'transparencyLog'] as const).map(
    (name) => instance.service(name).process.pid,
  );
  const times = [...services, instance.postgres.pid].map((pid) =>
    pid === undefined ? undefined : processorTime(pid),
  );
  const { user, system } = process.cpuUsage();
  return [...times.map((time) => time ?? Number.NaN), (user + system) / 1000];
}

function perCertificate(
  before: readonly number[],
  after: readonly number[],
  { requests }: LoadResult,
): number[] {
  return after.map((time, index) => (time - (before[index] ?? 0)) / requests);
}
