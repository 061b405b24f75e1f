import { join } from 'node:path';
import { ROOT, type LocalStack } from '@sigstead/instance';
import { CosignLike } from './cosign-like.ts';

/** Our own command, which has the services of the stack sign and judges by itself. */
export function sigstead(stack: LocalStack, directory: string): CosignLike {
  return new CosignLike(
    {
      program: [process.execPath, join(ROOT, 'tools/cli/bin/sigstead.js')],
      signingOptions: () => [],
      verifyingOptions: () => ['--trusted-root', stack.trustedRoot],
      environment: () => ({ SIGSTEAD_URL: stack.url }),
    },
    directory,
  );
}
