import type { LocalStack } from '@sigstead/instance';
import { CosignLike } from './cosign-like.ts';

/** cosign 3 as it comes: trust and services are files it is given, nothing is asked of TUF. */
export function cosign(program: string, stack: LocalStack, directory: string): CosignLike {
  return new CosignLike(
    {
      program: [program],
      signingOptions: ({ form, log }) =>
        form === 'bundle'
          ? ['--signing-config', stack.signingConfig(log), '--trusted-root', stack.trustedRoot]
          : [
              '--use-signing-config=false',
              '--new-bundle-format=false',
              ...['--fulcio-url', stack.url, '--rekor-url', stack.url],
            ],
      verifyingOptions: ({ form }) => [
        ...(form === 'legacy' ? ['--new-bundle-format=false'] : []),
        ...['--trusted-root', stack.trustedRoot],
      ],
      environment: ({ form }) => (form === 'legacy' ? legacyTrust(stack) : {}),
    },
    directory,
  );
}

/** What `sigstead env --legacy` prints: without signing configuration, cosign takes its trust from the environment. */
function legacyTrust(stack: LocalStack): Record<string, string> {
  return {
    SIGSTORE_ROOT_FILE: stack.trustFile('fulcio_v1.crt.pem'),
    SIGSTORE_REKOR_PUBLIC_KEY: stack.trustFile('rekor.pub'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: stack.trustFile('ctfe.pub'),
  };
}
