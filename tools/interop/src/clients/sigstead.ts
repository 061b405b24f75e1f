import { join } from 'node:path';
import { ROOT, type LocalStack } from '@sigstead/instance';
import { isImage } from '../interop-case.ts';
import { CosignLike } from './cosign-like.ts';

/** Our own command, which signs by the services of the stack and judges by itself. */
export function sigstead(stack: LocalStack, directory: string): CosignLike {
  return new CosignLike(
    {
      program: [process.execPath, join(ROOT, 'tools/cli/bin/sigstead.js')],
      signingOptions: ({ artifact, form, log }) => [
        ...['--signing-config', stack.signingConfig(log), '--trusted-root', stack.trustedRoot],
        ...(isImage(artifact) ? ['--form', form] : []),
      ],
      verifyingOptions: () => ['--trusted-root', stack.trustedRoot],
      environment: () => ({ SIGSTEAD_URL: stack.url }),
    },
    directory,
  );
}
