import type { NamedTrustRoot, TrustRootStatus, TrustSource } from './trust-source.ts';

/** A trusted root that ships with this program: it changes with the program and at no other time. */
export class EmbeddedSource implements TrustSource {
  readonly #root: NamedTrustRoot;
  readonly #since: Date;

  constructor(root: NamedTrustRoot, since: Date) {
    this.#root = root;
    this.#since = since;
  }

  current(): NamedTrustRoot {
    return this.#root;
  }

  status(): TrustRootStatus {
    const { name } = this.#root;
    return {
      name,
      usable: true,
      origin: 'embedded',
      since: this.#since,
      expires: undefined,
      fault: undefined,
    };
  }

  async refresh(): Promise<void> {}

  async close(): Promise<void> {}
}
