import { join } from 'node:path';
import { ROOT, type LocalStack } from '@sigstead/instance';
import { CosignLike } from './cosign-like.ts';

/** Our own command, against the services of the stack. */
export function sigstead(stack: LocalStack, directory: string): CosignLike {
  return new CosignLike(
    {
      program: [process.execPath, join(ROOT, 'tools/cli/bin/sigstead.js')],
      signingOptions: () => [],
      verifyingOptions: () => [],
      environment: () => ({ SIGSTEAD_URL: stack.url }),
    },
    directory,
  );
}
