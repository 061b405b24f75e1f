import { requestCertifiedKey, type OwnedKey } from './certified-key.ts';
import type { SigningServices } from './services.ts';
import type { CertifiedKey, KeySource } from './signing-key.ts';

/** A certificate that ends sooner is not begun with: timestamp and log may take a while. */
const LEAST_REMAINING_MS = 60_000;

export interface CertifiedKeySource extends KeySource {
  /** The one key of the moment: the same one until its certificate is about to end, then another. */
  key(): Promise<CertifiedKey>;
}

/**
 * Keys for as many signatures as `use` makes, by one token. One certificate does for all of them as long as it is valid; then another
 * one is asked for, and when the authority does not take the token any more, the rest fails with its reason. All keys are
 * zeroed at the end, whatever happens.
 */
export async function withCertifiedKeys<T>(
  services: SigningServices,
  token: string,
  use: (keys: CertifiedKeySource) => Promise<T>,
): Promise<T> {
  const keys = new CertifiedKeys(services, token);
  try {
    return await use(keys);
  } finally {
    await keys.destroy();
  }
}

class CertifiedKeys implements CertifiedKeySource {
  readonly #services: SigningServices;
  readonly #token: string;
  /** Every key ever asked for. The last one counts; a request that failed fails for all who come after, too. */
  readonly #requested: Promise<OwnedKey>[] = [];
  #ended = false;

  constructor(services: SigningServices, token: string) {
    this.#services = services;
    this.#token = token;
  }

  async key(): Promise<CertifiedKey> {
    const latest = this.#requested.at(-1);
    if (latest === undefined) return this.#request();
    const key = await latest;
    if (!this.#isEnding(key)) return key;
    const newest = this.#requested.at(-1);
    return newest === undefined || newest === latest ? this.#request() : newest;
  }

  async destroy(): Promise<void> {
    this.#ended = true;
    for (const requested of this.#requested) {
      await requested.then(
        ({ signer }) => signer.destroy(),
        () => undefined,
      );
    }
  }

  #request(): Promise<OwnedKey> {
    if (this.#ended) throw new Error('a key was asked for after the signing event');
    const requested = requestCertifiedKey(this.#services, this.#token);
    // Whoever waits gets the failure; that nobody may wait any more is no defect.
    requested.catch(() => undefined);
    this.#requested.push(requested);
    return requested;
  }

  #isEnding({ certificate: { notBefore, notAfter } }: CertifiedKey): boolean {
    const remaining = notAfter.getTime() - this.#services.clock().getTime();
    const lifetime = notAfter.getTime() - notBefore.getTime();
    return remaining < Math.min(LEAST_REMAINING_MS, lifetime / 4);
  }
}
