import { createInterface } from 'node:readline/promises';
import { listBundleReferrers, OciError, removeSignatures, type RemovalKind } from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../printable.ts';
import { readImageReference } from '../registry/image-reference.ts';
import type { RegistryOptions } from '../registry/options.ts';
import { signatureRepository } from '../registry/signature-repository.ts';
import { withRegistries } from './with-registries.ts';

export interface CleanOptions extends RegistryOptions {
  readonly type: RemovalKind | 'all';
  readonly force?: boolean;
}

const ALL: readonly RemovalKind[] = ['signature', 'attestation', 'sbom', 'referrer'];

/** Removes what lies beside an image. @throws CliError */
export async function clean(
  image: string,
  options: CleanOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const reference = readImageReference(image);
  const repository = signatureRepository(reference, environment);
  const kinds = options.type === 'all' ? ALL : [options.type];
  if (options.force !== true) await confirm(`This removes ${kinds.join(', ')} of ${image}. Go on? [y/N] `);
  await withRegistries([reference, repository], options, environment, async (client) => {
    const { digest } = await client.resolve(reference);
    const { removed, left } = await removeSignatures(client, repository, digest, kinds);
    for (const what of removed)
      process.stdout.write(`removed  ${repository.name}${what.includes(':') ? '@' : ':'}${what}\n`);
    for (const { message } of left) process.stderr.write(`left: ${printable(message)}\n`);
    if (kinds.includes('referrer')) return;
    const { manifests } = await listBundleReferrers(client, repository, digest);
    const bundles = manifests.filter((one) => !(one instanceof OciError)).length;
    if (bundles > 0)
      process.stderr.write(`${bundles} bundles refer to the image: --type referrer removes them\n`);
  });
}

/** @throws CliError when the answer is no, or nobody is there to answer */
async function confirm(question: string): Promise<void> {
  if (process.stdin.isTTY !== true)
    throw new CliError('what is removed cannot be brought back: --force does it unasked', exitCodes.usage);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(question).finally(() => terminal.close());
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CliError('nothing was removed');
}
