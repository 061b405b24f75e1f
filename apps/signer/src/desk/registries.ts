import {
  OciError,
  RegistryClient,
  type Credentials,
  type CredentialSource,
  type Fetch,
  type ImageReference,
} from '@sigstead/oci';
import type { RegistryRules } from '@sigstead/registry-access';
import type { Log } from '@sigstead/server';

export interface RegistryAccess {
  readonly rules: RegistryRules;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  /** Of the service itself, for registries that a request brings none for. */
  readonly credentials?: CredentialSource | undefined;
  readonly log: Log;
}

/** The registries of one request: a registry's tokens are not shared between callers. */
export class Registries {
  readonly client: RegistryClient;
  readonly #access: RegistryAccess;

  /** @param own what the request brought, by registry */
  constructor(access: RegistryAccess, own: ReadonlyMap<string, Credentials>) {
    const { rules, fetch, timeoutMs } = access;
    this.#access = access;
    this.client = new RegistryClient({
      fetch,
      timeoutMs,
      allowHttp: (host) => rules.allowsHttp(host),
      tokenHosts: rules.tokenHosts,
      credentials: (registry, repository) => own.get(registry) ?? this.#ofService(registry, repository),
    });
  }

  /** @throws OciError REFUSED for a registry that is not on the list */
  assertAllowed(image: ImageReference): void {
    this.#access.rules.assertAllowed(image);
  }

  /** What is wrong with its files and helpers is for the operator to know, not for callers. */
  async #ofService(registry: string, repository: string): Promise<Credentials | undefined> {
    const { credentials, log } = this.#access;
    try {
      return await credentials?.(registry, repository);
    } catch (cause) {
      if (!(cause instanceof OciError)) throw cause;
      log.warn('the credentials of the service for a registry cannot be used', {
        registry,
        reason: cause.message,
      });
      throw new OciError('UNAUTHORIZED', `the credentials of this service for ${registry} cannot be used`, {
        cause,
      });
    }
  }
}
