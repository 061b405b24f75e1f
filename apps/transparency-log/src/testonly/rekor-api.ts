import { expect } from '@jest/globals';
import type { PublicKey } from '@sigstead/crypto';
import { decodeBase64, decodeHex } from '@sigstead/encoding';
import { hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { verifyCheckpoint, verifySignedEntryTimestamp } from '@sigstead/tlog';
import type { LogEntryJson, LogEntryValue } from '../rekor/log-entry-json.ts';

export interface ApiUnderTest {
  readonly url: string;
  readonly treeId: string;
  readonly key: PublicKey;
}

export interface Created {
  readonly id: string;
  readonly value: LogEntryValue;
  readonly response: Response;
}

/** Rekor's API as a client has it. */
export class RekorApi {
  readonly #of: () => ApiUnderTest;

  /** @param of asked anew for every request, as the service may not run yet */
  constructor(of: () => ApiUnderTest) {
    this.#of = of;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.#of().url}${path}`, { headers });
  }

  post(path: string, body: unknown): Promise<Response> {
    return fetch(`${this.#of().url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async create(entry: unknown): Promise<Created> {
    const response = await this.post('/api/v1/log/entries', entry);
    const answer = (await response.json()) as LogEntryJson;
    expect({ status: response.status, answer }).toMatchObject({ status: 201 });
    return { ...onlyEntry(answer), response };
  }

  /** Entries as `[id, value]`. */
  async retrieve(query: unknown): Promise<[string, LogEntryValue][]> {
    const response = await this.post('/api/v1/log/entries/retrieve', query);
    const answer = (await response.json()) as LogEntryJson[];
    expect({ status: response.status, answer }).toMatchObject({ status: 200 });
    return answer.map((entry) => Object.entries(entry)[0] as [string, LogEntryValue]);
  }

  async search(query: unknown): Promise<string[]> {
    const response = await this.post('/api/v1/index/retrieve', query);
    const answer = (await response.json()) as string[];
    expect({ status: response.status, answer }).toMatchObject({ status: 200 });
    return answer;
  }

  /** Everything a client checks. */
  verify(id: string, value: LogEntryValue, { treeId, key } = this.#of()): void {
    const body = decodeBase64(value.body);
    const leafHash = hashLeaf(body);
    const proof = value.verification.inclusionProof;
    expect(id).toBe(BigInt(treeId).toString(16).padStart(16, '0') + Buffer.from(leafHash).toString('hex'));
    const checkpoint = verifyCheckpoint(proof.checkpoint, key, 'localhost');
    expect(checkpoint.origin).toBe(`localhost - ${treeId}`);
    expect(checkpoint.size).toBe(BigInt(proof.treeSize));
    verifyInclusion(
      BigInt(proof.logIndex),
      BigInt(proof.treeSize),
      leafHash,
      proof.hashes.map(decodeHex),
      checkpoint.rootHash,
    );
    verifySignedEntryTimestamp(
      {
        body: value.body,
        integratedTime: value.integratedTime,
        logId: value.logID,
        logIndex: value.logIndex,
      },
      decodeBase64(value.verification.signedEntryTimestamp),
      key,
    );
  }
}

export function onlyEntry(answer: LogEntryJson): { id: string; value: LogEntryValue } {
  const all = Object.entries(answer);
  expect(all).toHaveLength(1);
  const [id, value] = all[0] as [string, LogEntryValue];
  return { id, value };
}

export async function expectError(
  response: Response,
  status: number,
  code: number,
  message: string | RegExp,
): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = JSON.parse(text) as { code: number; message: string };
  expect(body.code).toBe(code);
  if (typeof message === 'string') expect(body.message).toBe(message);
  else expect(body.message).toMatch(message);
}
