import { FulcioClient, RekorClient, type Fetch } from '@sigstead/client';
import { RegistryClient, type ImageReference, type Fetch as RegistryFetch } from '@sigstead/oci';
import {
  signImage,
  type Annotations,
  type SigningServices,
  type StoredImageSignature,
} from '@sigstead/signing';
import type { TrustedRoot } from '@sigstead/trust';
import { DEFAULT_TIMEOUT_MS, type SignerConfig } from './config.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { RegistryRules } from '@sigstead/registry-access';

export interface ImageSignerParts {
  readonly config: SignerConfig;
  readonly trustedRoot: TrustedRoot;
  readonly rules: RegistryRules;
  readonly clock: () => Date;
  readonly fetch: Fetch;
  readonly registryFetch: RegistryFetch;
}

/** Signs images for whoever brings a token the certificate authority takes; the token is all the authority a caller has. */
export class ImageSigner {
  readonly #parts: ImageSignerParts;
  readonly #services: SigningServices;
  readonly #stores = new KeyedQueue();

  constructor(parts: ImageSignerParts) {
    const { config, fetch, trustedRoot, clock } = parts;
    const { caUrl, rekorUrl, caTimeoutMs = DEFAULT_TIMEOUT_MS, rekorTimeoutMs = DEFAULT_TIMEOUT_MS } = config;
    this.#parts = parts;
    this.#services = {
      fulcio: new FulcioClient({ baseUrl: caUrl, fetch, timeoutMs: caTimeoutMs }),
      rekor: new RekorClient({ baseUrl: rekorUrl, fetch, timeoutMs: rekorTimeoutMs }),
      trustedRoot,
      clock,
    };
  }

  /** @throws OciError REFUSED for a registry that is not allowed, else SigningError */
  async sign(image: ImageReference, token: string, annotations: Annotations): Promise<StoredImageSignature> {
    const { rules, registryFetch, config } = this.#parts;
    rules.assertAllowed(image);
    // One client for each request: a registry's tokens are not shared between callers.
    const registry = new RegistryClient({
      fetch: registryFetch,
      timeoutMs: config.registryTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      allowHttp: (host) => rules.allowsHttp(host),
    });
    return signImage(this.#services, registry, { image, token, annotations }, (key, work) =>
      this.#stores.run(key, work),
    );
  }
}
