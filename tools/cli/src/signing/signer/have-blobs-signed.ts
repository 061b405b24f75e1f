import { basename } from 'node:path';
import { formatArtifactDigest } from '@sigstead/verification';
import { isDigestText } from '../../artifact.ts';
import { artifactDigest } from '../blob/artifact-digest.ts';
import { outputFiles } from '../blob/output-files.ts';
import type { CommandSurroundings, SignBlobOptions } from '../options.ts';
import { askSigner } from './ask-signer.ts';
import { keepBundle } from './bundle-in.ts';

/** Has a signer service sign digests; the files stay here. @throws CliError */
export async function haveBlobsSigned(
  names: readonly string[],
  options: SignBlobOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  const { bundle, output } = options;
  const filesOf = await outputFiles({ bundle, output }, names);
  const artifacts = [];
  for (const name of names) {
    const digest = formatArtifactDigest(await artifactDigest(name, 'sha256'));
    const hasName = name !== '-' && !isDigestText(name);
    artifacts.push({ name, body: { digest, ...(hasName && { name: basename(name) }) } });
  }
  await askSigner(
    {
      route: 'sign',
      artifacts,
      common: {},
      keep: (at, answer) => keepBundle(answer, filesOf(names[at] ?? '').bundle),
    },
    options,
    surroundings,
  );
}
