import { join } from 'node:path';
import { ROOT, type LocalStack } from '@sigstead/instance';
import { isImage } from '../interop-case.ts';
import { CosignLike } from './cosign-like.ts';

/** Our own command, against the services of the stack. */
export function sigstead(stack: LocalStack, directory: string): CosignLike {
  return new CosignLike(
    {
      program: [process.execPath, join(ROOT, 'tools/cli/bin/sigstead.js')],
      signingOptions: ({ artifact, form, log }) => [
        ...['--signing-config', stack.signingConfig(log), '--trusted-root', stack.trustedRoot],
        ...(isImage(artifact) ? ['--form', form] : []),
      ],
      verifyingOptions: () => [],
      environment: () => ({ SIGSTEAD_URL: stack.url }),
    },
    directory,
  );
}
