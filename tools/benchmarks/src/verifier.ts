import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@sigstead/crypto';
import { encodeHex, encodeUtf8 } from '@sigstead/encoding';
import { freePorts, pushImage, startService, type Started } from '@sigstead/instance';
import { parseImageReference, pushBundleReferrer, RegistryClient } from '@sigstead/oci';
import type { BenchmarkOptions } from './benchmark.ts';
import { closedLoop, type LoadRequest } from './closed-loop.ts';
import { LOAD_HEADING, loadColumns, measureLoad } from './measured-load.ts';
import { table } from './table.ts';
import { makeFreshBundles, type FreshBundles } from './testonly/fresh-bundles.ts';

const CLIENTS = [1, 16, 64] as const;
const BUNDLES = 200;
const REGISTRY = 'tools/local-stack/dist/registry/registry-main.js';
const VERIFIER = 'apps/verifier/dist/main.js';
const WARM_UP_SECONDS = 2;

interface Stage {
  readonly registry: Started;
  readonly registryUrl: string;
  /** Keeps verdicts of images. */
  readonly keeping: Started;
  readonly keepingUrl: string;
  /** Does not. */
  readonly forgetful: Started;
  readonly forgetfulUrl: string;
}

/**
 * The verifier over HTTP: digest and bundle in the request, then an image whose signature lies in a registry on this machine, looked at
 * anew each time and with kept verdicts. Verifier, registry and load generator share the machine.
 *
 * @throws Error when an answer is not that it verified
 */
export async function benchmarkVerifier({ seconds, print }: BenchmarkOptions): Promise<void> {
  const bundles = await makeFreshBundles(BUNDLES);
  const directory = await mkdtemp(join(tmpdir(), 'bench-verifier-'));
  const started: Started[] = [];
  try {
    const stage = await startStage(directory, bundles, started);
    const image = imageRequests(await signedImage(stage.registryUrl, bundles), bundles);
    const message = artifactRequests('message, Rekor v1', bundles);
    const timestamped = artifactRequests('message, Rekor v2 + timestamp', bundles);
    const loads = [
      {
        title: 'digest + bundle, Rekor v1',
        url: stage.forgetfulUrl,
        service: stage.forgetful,
        requests: message,
      },
      {
        title: 'digest + bundle, Rekor v2',
        url: stage.forgetfulUrl,
        service: stage.forgetful,
        requests: timestamped,
      },
      { title: 'image, looked at anew', url: stage.forgetfulUrl, service: stage.forgetful, requests: image },
      { title: 'image, kept verdict', url: stage.keepingUrl, service: stage.keeping, requests: image },
    ];
    const rows: (string | number)[][] = [];
    for (const { title, url, service, requests } of loads) {
      for (const request of requests) await assertVerified(url, request);
      const load = (clients: number, length: number) => () => {
        let sent = 0;
        const next = () => requests[sent++ % requests.length] as LoadRequest;
        return closedLoop({ url, next, wantStatus: 200, clients, seconds: length });
      };
      await load(4, Math.min(seconds, WARM_UP_SECONDS))();
      for (const clients of CLIENTS) {
        const processes = [service.process.pid, stage.registry.process.pid];
        const { result, perRequest } = await measureLoad(processes, load(clients, seconds));
        rows.push([title, String(clients), ...loadColumns(result), ...perRequest]);
      }
    }
    print(
      table(['verifications', 'clients', ...LOAD_HEADING, 'CPU ms: verifier', 'registry', 'generator'], rows),
    );
  } finally {
    await Promise.all(started.map((service) => service.stop()));
    await rm(directory, { recursive: true, force: true });
  }
}

async function startStage(
  directory: string,
  { trustedRoot }: FreshBundles,
  started: Started[],
): Promise<Stage> {
  const ports = await freePorts(['registry', 'keeping', 'forgetful']);
  const root = join(directory, 'trusted_root.json');
  await writeFile(root, trustedRoot);
  const url = (name: keyof typeof ports) => `http://127.0.0.1:${ports[name]}`;
  const start = async (main: string, name: keyof typeof ports, settings: Record<string, string>) => {
    const service = await startService(main, ports[name], settings);
    started.push(service);
    return service;
  };
  const settings = { TRUSTED_ROOT_FILE: root, ALLOW_INSECURE_REGISTRIES: `127.0.0.1:${ports.registry}` };
  return {
    registry: await start(REGISTRY, 'registry', { DIRECTORY: join(directory, 'registry') }),
    registryUrl: url('registry'),
    keeping: await start(VERIFIER, 'keeping', settings),
    keepingUrl: url('keeping'),
    forgetful: await start(VERIFIER, 'forgetful', { ...settings, VERDICT_CACHE_MS: '0' }),
    forgetfulUrl: url('forgetful'),
  };
}

/** One signature as cosign 3 stores it. @returns the reference by digest */
async function signedImage(registryUrl: string, { signImage }: FreshBundles): Promise<string> {
  const { reference, digest } = await pushImage(registryUrl, 'bench/app', 'latest');
  const ref = parseImageReference(reference);
  const client = new RegistryClient({ fetch, timeoutMs: 10_000, allowHttp: () => true });
  const subject = await client.resolve(ref);
  const bundle = encodeUtf8(await signImage(digest));
  await pushBundleReferrer(client, ref, subject, bundle, { createdAt: new Date() });
  return `${ref.registry}/${ref.repository}@${digest}`;
}

function artifactRequests(
  shape: string,
  { byShape, identity, issuer }: FreshBundles,
): readonly LoadRequest[] {
  const bundles = [...byShape].find(([name]) => name === shape)?.[1] ?? [];
  return bundles.map(({ json, artifact }) => {
    const digest = `sha256:${encodeHex(sha256(artifact))}`;
    return post(`{"digest":"${digest}","bundle":${json},"policy":${JSON.stringify({ identity, issuer })}}`);
  });
}

function imageRequests(image: string, { identity, issuer }: FreshBundles): readonly LoadRequest[] {
  return [post(JSON.stringify({ image, policy: { identity, issuer } }))];
}

function post(body: string): LoadRequest {
  return { method: 'POST', path: '/api/v1/verify', headers: { 'content-type': 'application/json' }, body };
}

/** Any verdict is 200: a rate of refusals is no rate. */
async function assertVerified(url: string, { path, headers, body }: LoadRequest): Promise<void> {
  const answer = await fetch(url + path, { method: 'POST', headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  const { verified } = JSON.parse(text) as { verified?: unknown };
  if (verified !== true) throw new Error(`not verified: ${text.slice(0, 2000)}`);
}
