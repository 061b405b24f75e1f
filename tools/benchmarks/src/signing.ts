import { performance } from 'node:perf_hooks';
import { Instance, pushImage } from '@sigstead/instance';
import type { BenchmarkOptions } from './benchmark.ts';
import { closedLoop, type LoadRequest, type LoadResult } from './closed-loop.ts';
import { LOAD_HEADING, loadColumns, measureLoad } from './measured-load.ts';
import { table } from './table.ts';

const CLIENTS = [1, 16, 64] as const;
const SERVICES = [
  'issuer',
  'registry',
  'transparencyLog',
  'certificateAuthority',
  'timestampAuthority',
  'signer',
] as const;
const BATCH = 200;
const BATCHES = 5;
/** Each image in a repository of its own: beside one image the lists would grow with every signature. */
const IMAGES = 256;
/** The load is one identity, which a service would hold back. */
const LIMITS = { ARTIFACTS_PER_MINUTE: '100000000', ARTIFACT_BURST: '100000000' };

/** What a request asks for, by what is shown. */
type Kind = readonly [name: string, make: (n: number, images: readonly string[]) => object];

const KINDS: readonly Kind[] = [
  ['digest, Rekor v1', (n) => ({ digest: digestOf(n), rekorVersion: 1 })],
  ['digest, Rekor v2', (n) => ({ digest: digestOf(n), rekorVersion: 2 })],
  ['image, bundle on v2', (n, images) => ({ image: images[n % IMAGES], rekorVersion: 2 })],
  ['image, both on v1', (n, images) => ({ image: images[n % IMAGES], rekorVersion: 1 })],
];

/**
 * The signer end to end: authority, CT log, Rekor, timestamps, PostgreSQL and a registry as processes of this machine, which the load
 * generator shares. Then many digests with one certificate.
 */
export async function benchmarkSigning({ seconds, print }: BenchmarkOptions): Promise<void> {
  const instance = await Instance.prepare();
  try {
    for (const name of SERVICES) await instance.start(name, name === 'signer' ? LIMITS : {});
    const token = await requestToken(instance);
    const pids = SERVICES.map((name) => instance.service(name).process.pid);
    const rows = [];
    for (const kind of KINDS) {
      const images = await pushImages(instance, kind[0]);
      await sign(instance, token, kind, images, 4, Math.min(seconds, 3));
      for (const clients of CLIENTS) {
        const load = () => sign(instance, token, kind, images, clients, seconds);
        const { result, perRequest } = await measureLoad([...pids, instance.postgres.pid], load);
        rows.push([kind[0], String(clients), ...loadColumns(result), ...perRequest]);
      }
    }
    const names = ['issuer', 'registry', 'log', 'CA', 'TSA', 'signer', 'PostgreSQL', 'generator'];
    print(table(['signed', 'clients', ...LOAD_HEADING, `CPU ms: ${names[0]}`, ...names.slice(1)], rows));
    print('');
    const batches = [];
    for (const rekorVersion of [1, 2]) batches.push(await signBatches(instance, token, rekorVersion));
    print(table([`${BATCH} digests in one request`, 'median s', 'slowest s'], batches));
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

async function pushImages(instance: Instance, kind: string): Promise<string[]> {
  if (!kind.startsWith('image')) return [];
  const images = [];
  for (let n = 0; n < IMAGES; n++) {
    const repository = `bench/${kind.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}-${n}`;
    images.push((await pushImage(instance.publicUrl('registry'), repository, 'v1')).reference);
  }
  return images;
}

function sign(
  instance: Instance,
  token: string,
  [, make]: Kind,
  images: readonly string[],
  clients: number,
  seconds: number,
): Promise<LoadResult> {
  let sent = 0;
  return closedLoop({
    url: instance.internalUrl('signer'),
    next: () => signRequest(token, make(sent++, images)),
    wantStatus: 200,
    clients,
    seconds,
  });
}

function signRequest(token: string, body: object): LoadRequest {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return { method: 'POST', path: '/api/v1/sign', headers, body: JSON.stringify(body) };
}

async function signBatches(instance: Instance, token: string, rekorVersion: number): Promise<string[]> {
  const artifacts = Array.from({ length: BATCH }, (_, n) => ({ digest: digestOf(n) }));
  const { path, method, headers, body = '' } = signRequest(token, { artifacts, rekorVersion });
  const times: number[] = [];
  for (let n = 0; n < BATCHES; n++) {
    const start = performance.now();
    const answer = await fetch(`${instance.internalUrl('signer')}${path}`, { method, headers, body });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`the signer answered ${answer.status}`);
    times.push((performance.now() - start) / 1000);
  }
  times.sort((a, b) => a - b);
  const shown = [times[Math.floor(BATCHES / 2)] ?? 0, times.at(-1) ?? 0].map((time) => time.toFixed(2));
  return [`Rekor v${rekorVersion}`, ...shown];
}

function digestOf(n: number): string {
  return `sha256:${n.toString(16).padStart(64, '0')}`;
}
