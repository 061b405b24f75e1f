import type { Precertificates } from '@sigstead/instance';
import type { Submissions } from './submissions.ts';

/** Precertificates with their chain for a CT log. */
export class PreparedPrecertificates implements Submissions {
  readonly path: string;
  readonly wantStatus = 200;
  readonly #authority: Precertificates;
  readonly #ready: string[] = [];

  /** @param prefix of the log's paths */
  constructor(prefix: string, authority: Precertificates) {
    this.path = `${prefix}/ct/v1/add-pre-chain`;
    this.#authority = authority;
  }

  async prepare(count: number): Promise<void> {
    while (this.#ready.length < count) this.#ready.push(await this.#make());
  }

  next(): string | Promise<string> {
    return this.#ready.pop() ?? this.#make();
  }

  async #make(): Promise<string> {
    return this.#authority.requestFor(await this.#authority.issue());
  }
}
