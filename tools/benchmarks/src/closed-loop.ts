import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

/** One request of a load. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Load {
  readonly url: string;
  /** Called once per request; its time counts. */
  readonly next: () => LoadRequest | Promise<LoadRequest>;
  /** Any other answer fails the benchmark: a rate of refusals is no rate. */
  readonly wantStatus: number;
  readonly clients: number;
  readonly seconds: number;
}

export interface LoadFigures {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LoadResult extends LoadFigures {
  readonly requests: number;
}

/**
 * So many clients, each with one connection and one request at a time. `node:http` and not `fetch`: the generator shares
 * the machine with what it measures.
 *
 * @throws Error with the first answer that was not wanted
 */
export async function closedLoop({ url, next, wantStatus, clients, seconds }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1000;
  const client = async () => {
    while (performance.now() < endAt) {
      const sentAt = performance.now();
      const { status, body } = await send(url, await next(), agent);
      if (status !== wantStatus)
        throw new Error(`${url} answered ${status}, want ${wantStatus}: ${Buffer.concat(body).toString()}`);
      latencies.push(performance.now() - sentAt);
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, client));
  } finally {
    agent.destroy();
  }
  const took = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    perSecond: latencies.length / took,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
  };
}

/** Of ascending values; 0 of none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function send(
  url: string,
  { method, path, headers, body }: LoadRequest,
  agent: Agent,
): Promise<{ status: number; body: readonly Buffer[] }> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method, agent, headers }, (response) => {
      const body: Buffer[] = [];
      response.on('data', (part: Buffer) => body.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
