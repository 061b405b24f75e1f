import type { Fetch } from '@sigstead/oci';
import { createGuardedFetch, RegistryRules } from '@sigstead/registry-access';
import {
  createLog,
  createService,
  problemJsonErrors,
  type Face,
  type Log,
  type Service,
} from '@sigstead/server';
import { AppModule } from './app.module.ts';
import { DEFAULT_TIMEOUTS_MS, type VerifierConfig } from './config.ts';
import { explain } from './explain.ts';
import { MAX_REQUEST_BYTES } from './http/verify-request.ts';
import { ImageVerifier } from './image-verifier.ts';
import { LogProofs } from './log-proofs.ts';
import { TrustFiles } from './trust-files.ts';
import { VerifierTrust } from './verifier-trust.ts';

export interface VerifierDependencies {
  readonly clock: () => Date;
  /** Towards the log, TUF mirrors and the service of revocations. */
  readonly fetch: Fetch;
  readonly log?: Log;
  /** For metrics; one of its own unless given. */
  readonly registry?: Service['registry'];
}

/**
 * The verifier as a service that is not listening yet.
 *
 * @throws ConfigError when the trusted root cannot be used
 */
export async function createVerifier(
  config: VerifierConfig,
  dependencies: VerifierDependencies,
): Promise<Service> {
  const { clock, fetch, log = createLog('verifier') } = dependencies;
  const trust = await VerifierTrust.open(config, { clock, fetch, log });
  const rules = new RegistryRules({
    allowed: config.allowedRegistries,
    insecure: config.insecureRegistries,
  });
  const guarded = createGuardedFetch((host) => rules.isNamed(host));
  const timeoutMs = config.logTimeoutMs ?? DEFAULT_TIMEOUTS_MS.log;
  const proofs =
    config.rekorUrl === undefined ? undefined : new LogProofs({ baseUrl: config.rekorUrl, fetch, timeoutMs });
  const verifier = new ImageVerifier({
    trust,
    rules,
    registryFetch: guarded.fetch,
    proofs,
    clock,
    config,
  });
  const files = new TrustFiles(config.trustDirectory);
  return createService({
    name: 'verifier',
    module: AppModule.of(verifier, files),
    faces,
    explain,
    checks: {
      'trusted-root': async () => trust.assertUsable(clock()),
      ...(config.revocations && { revocations: async () => trust.assertRevocations() }),
    },
    log,
    registry: dependencies.registry,
    onClose: async () => {
      guarded.close();
      await trust.close();
    },
  });
}

const faces: readonly Face[] = [
  {
    prefix: '/api/v1/verify',
    errors: problemJsonErrors,
    bodyLimit: MAX_REQUEST_BYTES,
    mediaTypes: ['application/json'],
  },
  { prefix: '/trust', errors: problemJsonErrors, bodyLimit: 0 },
];
