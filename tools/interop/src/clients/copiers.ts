import { legacyTag } from '../evidence/evidence.ts';
import { readReferrers, referenceOf, type ImageLocation } from '../evidence/registry.ts';
import { execute } from '../execute.ts';
import type { Artifact, Copier, Form } from '../interop-case.ts';

/** A program that copies one thing from registry to registry, by reference. */
export type CopyProgram = (from: string, to: string) => readonly [string, ...string[]];

const TIMEOUT_MS = 60_000;

export function copyProgram(copier: Copier, program: string): CopyProgram {
  if (copier === 'crane') return (from, to) => [program, 'copy', from, to];
  // What it would compress on the way would have another digest, and no signature.
  const options = ['--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false'];
  return (from, to) => [program, 'copy', ...options, `docker://${from}`, `docker://${to}`];
}

/**
 * Copies an image and the signature beside it as people do: the tag of the older form by its name, bundles by the digests
 * that refer to the image.
 *
 * @throws Error with what the program said
 */
export async function copyWithSignature(
  command: CopyProgram,
  {
    image,
    registry,
    artifact,
    form,
  }: { image: ImageLocation; registry: string; artifact: Artifact; form: Form },
  directory: string,
): Promise<ImageLocation> {
  const copy = { ...image, registry };
  const repositories = [image, copy].map((at) => referenceOf(at).replace(`@${at.digest}`, '')) as [
    string,
    string,
  ];
  const suffixes =
    form === 'legacy'
      ? [`:${legacyTag(image, artifact)}`]
      : (await readReferrers(image)).map(({ digest }) => `@${digest}`);
  await run(command(referenceOf(image), `${repositories[1]}:v1`), directory);
  for (const suffix of suffixes) {
    const [from, to] = repositories.map((repository) => `${repository}${suffix}`) as [string, string];
    await run(command(from, to), directory);
  }
  return copy;
}

async function run(command: readonly [string, ...string[]], directory: string): Promise<void> {
  const environment = { PATH: process.env['PATH'], HOME: directory };
  const done = await execute(command, { environment, directory, timeoutMs: TIMEOUT_MS });
  if (!done.ok) throw new Error(`${command[0]}: ${done.said}`);
}
