import { randomUUID } from 'node:crypto';
import { open, rm, truncate } from 'node:fs/promises';
import type { BlobStore } from './blob-store.ts';
import type { ContentDigest } from './content-digest.ts';
import { RegistryError } from './registry-error.ts';

export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  /** Bytes received in full requests so far. */
  readonly size: number;
}

interface Session extends UploadSession {
  size: number;
  readonly path: string;
  touchedMs: number;
  busy: boolean;
}

const MAX_SESSIONS = 1000;
const IDLE_MS = 60 * 60 * 1000;

/** Uploads under way. They live as long as this process: after a restart a client begins its upload again. */
export class UploadSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #blobs: BlobStore;
  readonly #clock: () => Date;
  readonly #maxBlobBytes: number;

  constructor(blobs: BlobStore, clock: () => Date, maxBlobBytes: number) {
    this.#blobs = blobs;
    this.#clock = clock;
    this.#maxBlobBytes = maxBlobBytes;
  }

  /** @throws RegistryError TOOMANYREQUESTS */
  async open(repository: string): Promise<UploadSession> {
    await this.#dropIdle();
    if (this.#sessions.size >= MAX_SESSIONS)
      throw new RegistryError('TOOMANYREQUESTS', 'too many uploads under way');
    const session: Session = {
      id: randomUUID(),
      repository,
      size: 0,
      path: await this.#blobs.temporaryFile(),
      touchedMs: this.#clock().getTime(),
      busy: false,
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** @throws RegistryError BLOB_UPLOAD_UNKNOWN */
  get(repository: string, id: string): UploadSession {
    return this.#find(repository, id);
  }

  /**
   * Adds one chunk. A chunk that breaks off, is too long or not as long as announced leaves the upload as it was.
   *
   * @param start position the client believes to be at, when it says so
   * @param length bytes the client announced, when it did
   */
  async append(
    repository: string,
    id: string,
    chunk: AsyncIterable<Uint8Array>,
    announced: { start?: number; length?: number } = {},
  ): Promise<UploadSession> {
    const session = this.#find(repository, id);
    if (announced.start !== undefined && announced.start !== session.size) {
      throw new RegistryError(
        'RANGE_INVALID',
        `chunk starts at ${announced.start}, upload is at ${session.size}`,
        {
          headers: { location: uploadLocation(session), range: uploadRange(session) },
        },
      );
    }
    await this.#exclusively(session, async () => {
      const received = await this.#write(session, chunk);
      if (announced.length !== undefined && received !== announced.length) {
        await truncate(session.path, session.size);
        throw new RegistryError(
          'BLOB_UPLOAD_INVALID',
          `chunk of ${received} bytes, ${announced.length} were announced`,
        );
      }
      session.size += received;
    });
    return session;
  }

  /** Turns a complete upload into a blob. @throws RegistryError DIGEST_INVALID and the upload is over */
  async finish(repository: string, id: string, digest: ContentDigest): Promise<void> {
    const session = this.#find(repository, id);
    await this.#exclusively(session, async () => {
      try {
        await this.#blobs.adopt(session.path, digest);
      } finally {
        await this.#drop(session);
      }
    });
  }

  async cancel(repository: string, id: string): Promise<void> {
    await this.#drop(this.#find(repository, id));
  }

  async #write(session: Session, chunk: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await open(session.path, 'r+');
    let position = session.size;
    try {
      for await (const bytes of chunk) {
        if (position + bytes.length > this.#maxBlobBytes) {
          throw new RegistryError('SIZE_INVALID', `blob of more than ${this.#maxBlobBytes} bytes`, {
            headers: { connection: 'close' },
          });
        }
        await file.write(bytes, 0, bytes.length, position);
        position += bytes.length;
      }
      return position - session.size;
    } catch (cause) {
      await file.truncate(session.size);
      if (cause instanceof RegistryError) throw cause;
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'chunk broke off before its end', { cause });
    } finally {
      await file.close();
    }
  }

  async #exclusively(session: Session, work: () => Promise<void>): Promise<void> {
    if (session.busy)
      throw new RegistryError('BLOB_UPLOAD_INVALID', 'another request is writing to this upload');
    session.busy = true;
    try {
      await work();
    } finally {
      session.busy = false;
      session.touchedMs = this.#clock().getTime();
    }
  }

  #find(repository: string, id: string): Session {
    const session = this.#sessions.get(id);
    if (session !== undefined && session.repository === repository) return session;
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'no such upload, begin again');
  }

  async #dropIdle(): Promise<void> {
    const before = this.#clock().getTime() - IDLE_MS;
    const idle = [...this.#sessions.values()].filter(({ busy, touchedMs }) => !busy && touchedMs < before);
    await Promise.all(idle.map((session) => this.#drop(session)));
  }

  async #drop(session: Session): Promise<void> {
    this.#sessions.delete(session.id);
    await rm(session.path, { force: true });
  }
}

export function uploadLocation({ repository, id }: UploadSession): string {
  return `/v2/${repository}/blobs/uploads/${id}`;
}

/** `Range` of an upload: first to last byte received; `0-0` also stands for none, as clients expect. */
export function uploadRange({ size }: UploadSession): string {
  return `0-${Math.max(0, size - 1)}`;
}
