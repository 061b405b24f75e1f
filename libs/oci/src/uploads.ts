import { OciError } from './errors.ts';
import type { Answer, Outgoing } from './exchange.ts';
import type { ImageReference } from './reference.ts';
import { isPassing, withRetries } from './retries.ts';
import { assertStatus } from './status.ts';
import { resolveLocation, type Transport } from './transport.ts';

const MAX_ANSWER_BYTES = 65_536;
const OCTETS = { 'content-type': 'application/octet-stream' };

/**
 * Uploads of blobs (distribution-spec, "Pushing blobs"). A registry says where an upload goes on; wherever that is, only its
 * own origin is given credentials. What is not finished leaves nothing behind.
 */
export class Uploads {
  constructor(private readonly transport: Transport) {}

  /** @throws OciError naming the blob */
  async push(ref: ImageReference, digest: string, bytes: Uint8Array): Promise<void> {
    const answer = await withRetries(async () => {
      const opened = await this.#open(ref);
      if (opened.status !== 202) return opened;
      return this.#finish(ref, digest, resolveLocation(opened, ref.registry), bytes);
    }, isPassing);
    assertStored(answer, ref, digest);
  }

  /** @throws OciError naming the blob, or what `chunks` end with */
  async stream(ref: ImageReference, digest: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const opened = await this.#open(ref);
    assertStatus(opened, [202], ref, `upload of blob ${digest}`);
    const location = resolveLocation(opened, ref.registry);
    try {
      const answer = await this.#send(ref, { method: 'PATCH', url: location, headers: OCTETS, body: chunks });
      assertStatus(answer, [202, 204], ref, `upload of blob ${digest}`);
      // Before this, what was sent belongs to no name.
      const end = resolveLocation(answer, ref.registry);
      assertStored(await this.#finish(ref, digest, end, new Uint8Array(0)), ref, digest);
    } catch (error) {
      // A courtesy: registries drop what is never finished.
      await this.#send(ref, { method: 'DELETE', url: location, headers: {} }).catch(() => undefined);
      throw error;
    }
  }

  /** @returns whether the registry took the blob over from the other repository */
  async mount(ref: ImageReference, digest: string, from: ImageReference): Promise<boolean> {
    const url = this.transport.url(ref, 'blobs/uploads/');
    url.searchParams.set('mount', digest);
    url.searchParams.set('from', from.repository);
    const request = {
      method: 'POST',
      url,
      headers: { 'content-length': '0' },
      maxBytes: MAX_ANSWER_BYTES,
    } as const;
    const answer = await this.transport.send(ref, request, 'pull,push', from);
    if (answer.status === 201) return true;
    // Having opened an upload instead is one way of saying no; refusing or not knowing the source are others.
    if (answer.status === 202) {
      const location = resolveLocation(answer, ref.registry);
      await this.#send(ref, { method: 'DELETE', url: location, headers: {} }).catch(() => undefined);
    }
    return false;
  }

  #open(ref: ImageReference): Promise<Answer> {
    const url = this.transport.url(ref, 'blobs/uploads/');
    return this.#send(ref, { method: 'POST', url, headers: { 'content-length': '0' } });
  }

  #finish(ref: ImageReference, digest: string, location: URL, bytes: Uint8Array): Promise<Answer> {
    const url = new URL(location);
    url.searchParams.set('digest', digest);
    return this.#send(ref, { method: 'PUT', url, headers: OCTETS, body: bytes });
  }

  #send(ref: ImageReference, request: Omit<Outgoing, 'maxBytes'>): Promise<Answer> {
    return this.transport.send(ref, { ...request, maxBytes: MAX_ANSWER_BYTES }, 'pull,push');
  }
}

function assertStored(answer: Answer, ref: ImageReference, digest: string): void {
  assertStatus(answer, [201], ref, `upload of blob ${digest}`);
  const stored = answer.headers.get('docker-content-digest');
  if (stored !== null && stored !== digest)
    throw new OciError('DIGEST_MISMATCH', `${ref.registry} stored a blob as another than ${digest}`);
}
