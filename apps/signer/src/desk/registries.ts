import { RegistryClient, type Credentials, type Fetch, type ImageReference } from '@sigstead/oci';
import type { RegistryRules } from '@sigstead/registry-access';

export interface RegistryAccess {
  readonly rules: RegistryRules;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  /** Of the service itself, for registries that a request brings none for. */
  readonly credentials?: ((registry: string) => Credentials | undefined) | undefined;
}

/** The registries of one request: a registry's tokens are not shared between callers. */
export class Registries {
  readonly client: RegistryClient;
  readonly #rules: RegistryRules;

  constructor(
    { rules, fetch, timeoutMs, credentials }: RegistryAccess,
    own: ReadonlyMap<string, Credentials>,
  ) {
    this.#rules = rules;
    this.client = new RegistryClient({
      fetch,
      timeoutMs,
      allowHttp: (host) => rules.allowsHttp(host),
      credentials: (registry) => own.get(registry) ?? credentials?.(registry),
    });
  }

  /** @throws OciError REFUSED for a registry that is not on the list */
  assertAllowed(image: ImageReference): void {
    this.#rules.assertAllowed(image);
  }
}
