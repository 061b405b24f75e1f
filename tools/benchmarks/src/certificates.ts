import { Instance } from '@sigstead/instance';
import { decodeBase64Url, decodeUtf8 } from '@sigstead/encoding';
import type { BenchmarkOptions } from './benchmark.ts';
import { makeClientKeys, type ClientKey } from './client-keys.ts';
import { closedLoop, type LoadRequest, type LoadResult } from './closed-loop.ts';
import { measureIssuanceSteps } from './issuance-steps.ts';
import { LOAD_HEADING, loadColumns, measureLoad } from './measured-load.ts';
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
    const services = (['certificateAuthority', 'transparencyLog'] as const).map(
      (name) => instance.service(name).process.pid,
    );
    const rows = [];
    for (const clients of CLIENTS) {
      const load = () => issue(instance, token, keys, clients, seconds);
      const { result, perRequest } = await measureLoad([...services, instance.postgres.pid], load);
      rows.push([String(clients), ...loadColumns(result), ...perRequest]);
    }
    print(table(['clients', ...LOAD_HEADING, 'CPU ms: CA', 'log', 'PostgreSQL', 'generator'], rows));
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
    return { method: 'POST', path: '/api/v2/signingCert', headers, body };
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
