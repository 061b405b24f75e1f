import {
  childForPlatform,
  copyImage,
  readIndexChildren,
  type Companion,
  type RegistryClient,
} from '@sigstead/oci';
import { CliError, exitCodes } from '../cli-error.ts';
import { printable } from '../printable.ts';
import { readImageReference } from '../registry/image-reference.ts';
import type { RegistryOptions } from '../registry/options.ts';
import { signatureRepository } from '../registry/signature-repository.ts';
import { withRegistries } from './with-registries.ts';

export interface CopyCommandOptions extends RegistryOptions {
  readonly only?: string;
  readonly sigOnly?: boolean;
  readonly force?: boolean;
  readonly platform?: string;
}

type Image = ReturnType<typeof readImageReference>;

/** cosign's words, and one for bundles. */
const KINDS: Readonly<Record<string, Companion>> = {
  sig: 'signature',
  att: 'attestation',
  sbom: 'sbom',
  referrer: 'referrer',
};

/** Copies an image with what belongs to it, or what belongs to it alone. @throws CliError */
export async function copy(
  source: string,
  destination: string,
  options: CopyCommandOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const [from, to] = [readImageReference(source), readImageReference(destination)];
  const only = readKinds(options);
  const signaturesFrom = signatureRepository(from, environment);
  await withRegistries([from, to, signaturesFrom], options, environment, async (client) => {
    const wanted = await chosen(from, options, client);
    if (only === undefined && options.force !== true) await assertFree(wanted, to, client);
    const sizes: number[] = [];
    const { digest, left } = await copyImage(client, wanted, to, {
      image: only === undefined,
      signatures: only ?? true,
      ...(signaturesFrom !== from && { signaturesFrom }),
      onArrival: ({ size, by }) => void (by === 'presence' || sizes.push(size)),
    });
    for (const { message } of left) process.stderr.write(`left behind: ${printable(message)}\n`);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    process.stdout.write(
      `copied  ${to.name}@${digest}  ${sizes.length} blobs and manifests, ${bytes} bytes\n`,
    );
    if (left.length > 0) throw new CliError(`${left.length} of what lies beside the image cannot be read`);
  });
}

function readKinds({ only, sigOnly }: CopyCommandOptions): readonly Companion[] | undefined {
  if (only === undefined) return sigOnly === true ? ['signature', 'referrer'] : undefined;
  if (sigOnly === true) throw new CliError('--sig-only and --only contradict each other', exitCodes.usage);
  return only.split(',').map((word) => {
    const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
    if (kind !== undefined) return kind;
    const known = Object.keys(KINDS).join(', ');
    throw new CliError(`--only ${JSON.stringify(word)}, want some of ${known}`, exitCodes.usage);
  });
}

async function chosen(from: Image, { platform }: CopyCommandOptions, client: RegistryClient): Promise<Image> {
  if (platform === undefined) return from;
  const { digest } = await client.resolve(from);
  const child = childForPlatform(await readIndexChildren(client, from, digest), platform);
  return from.withDigest(child.digest);
}

/** Whoever pulls a tag must not get another image by mistake. @throws CliError */
async function assertFree(from: Image, to: Image, client: RegistryClient): Promise<void> {
  if (to.tag === undefined) return;
  const [there, { digest }] = await Promise.all([client.findManifest(to, to.tag), client.resolve(from)]);
  if (there === undefined || there.digest === digest) return;
  throw new CliError(`${to.toString()} is there already and is another image: --force moves the tag`);
}
