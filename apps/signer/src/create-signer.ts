import type { Fetch } from '@sigstead/client';
import type { Fetch as RegistryFetch } from '@sigstead/oci';
import { createGuardedFetch, RegistryRules } from '@sigstead/registry-access';
import { createLog, createService, problemJsonErrors, type Log, type Service } from '@sigstead/server';
import { AppModule } from './app.module.ts';
import type { SignerConfig } from './config.ts';
import { explain } from './http/explain.ts';
import { MAX_BODY_BYTES } from './http/sign-request.ts';
import { ImageSigner } from './image-signer.ts';
import { assertUsable, readTrustedRoot } from './trusted-root-file.ts';

export interface SignerDependencies {
  readonly clock: () => Date;
  /** Towards certificate authority and log. */
  readonly fetch: Fetch;
  /** Towards registries; unless given, one that refuses private addresses the configuration does not name. */
  readonly registryFetch?: RegistryFetch;
  readonly log?: Log;
  /** For metrics; one of its own unless given. */
  readonly registry?: Service['registry'];
}

/**
 * The signer as a service that is not listening yet. It keeps no key, no token and no state.
 *
 * @throws ConfigError when the trusted root cannot be used
 */
export async function createSigner(config: SignerConfig, dependencies: SignerDependencies): Promise<Service> {
  const { clock, fetch, log = createLog('signer'), registry } = dependencies;
  const trustedRoot = await readTrustedRoot(config.trustedRootFile);
  const rules = new RegistryRules({
    allowed: config.allowedRegistries,
    insecure: config.insecureRegistries,
  });
  const guarded = createGuardedFetch((host) => rules.isNamed(host));
  const registryFetch = dependencies.registryFetch ?? guarded.fetch;
  const signer = new ImageSigner({ config, trustedRoot, rules, clock, fetch, registryFetch });
  return createService({
    name: 'signer',
    module: AppModule.of(signer),
    faces: [
      {
        prefix: '/api/v1/sign',
        bodyLimit: MAX_BODY_BYTES,
        errors: problemJsonErrors,
        mediaTypes: ['application/json'],
      },
    ],
    explain,
    checks: { 'trusted-root': async () => assertUsable(trustedRoot, clock()) },
    log,
    registry,
    onClose: async () => guarded.close(),
  });
}
