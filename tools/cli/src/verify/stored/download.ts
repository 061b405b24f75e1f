import {
  childForPlatform,
  layersOf,
  OciError,
  readBundleReferrers,
  readIndexChildren,
  readLegacyAttestations,
  readLegacyLayers,
  type ImageReference,
  type RegistryClient,
} from '@sigstead/oci';
import {
  bundleCandidate,
  claimedKind,
  legacyAttestationCandidate,
  parsePredicateType,
  parseStatement,
  PolicyError,
  VerificationError,
  type SignatureCandidate,
} from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import { printable } from '../../printable.ts';
import { resolveImage } from '../image/gather-evidence.ts';
import { readImageReference } from '../../registry/image-reference.ts';
import { withRegistry } from '../image/registry.ts';
import { tell } from '../judging.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import type { Surroundings } from '../options.ts';
import { attachedTag } from './attached-tags.ts';
import { documentLine, signatureLine } from './download-lines.ts';

export interface DownloadOptions extends RegistryOptions {
  /** Of an index: the image of one platform. */
  readonly platform?: string;
  readonly predicateType?: string;
}

type Environment = Surroundings['environment'];

const MAX_SBOM_BYTES = 128 * 1024 * 1024;

/** Where things are read from. */
interface Place {
  readonly client: RegistryClient;
  /** Of the signatures. */
  readonly repository: ImageReference;
  readonly digest: string;
}

/** Prints bundles that sign an image, a line each, or where there are none what cosign keeps as `.sig`. @throws CliError */
export function downloadSignatures(
  image: string,
  options: DownloadOptions,
  environment: Environment,
): Promise<void> {
  return at(image, options, environment, async (place) => {
    const bundles = (await bundlesOf(place)).filter(
      ({ candidate }) => claimedKind(candidate) !== 'attestation',
    );
    const { client, repository, digest } = place;
    const layers = bundles.length > 0 ? [] : await readLegacyLayers(client, repository, digest);
    print([...bundles.map(({ line }) => line), ...readable(layers).map(signatureLine)], image, 'signatures');
  });
}

/** Prints bundles and envelopes that attest something about an image, a line each. @throws CliError */
export function downloadAttestations(
  image: string,
  options: DownloadOptions,
  environment: Environment,
): Promise<void> {
  const type = options.predicateType === undefined ? undefined : predicateTypeOf(options.predicateType);
  return at(image, options, environment, async (place) => {
    const { client, repository, digest } = place;
    const layers = readable(await readLegacyAttestations(client, repository, digest)).map((layer) => ({
      line: documentLine(layer.payload),
      candidate: legacyAttestationCandidate(layer, '.att'),
    }));
    const found = [...(await bundlesOf(place)), ...layers].filter(
      ({ candidate }) => claimedKind(candidate) !== 'signature' && isOfType(candidate, type),
    );
    const what = type === undefined ? 'attestations' : `attestations of type ${type}`;
    print(
      found.map(({ line }) => line),
      image,
      what,
    );
  });
}

/** Prints every bundle that refers to an image, a line each. @throws CliError */
export function downloadBundles(
  image: string,
  options: DownloadOptions,
  environment: Environment,
): Promise<void> {
  return at(image, options, environment, async (place) => {
    print(
      (await bundlesOf(place)).map(({ line }) => line),
      image,
      'bundles',
    );
  });
}

/** Writes out the bill of materials that lies beside an image, as it is. @throws CliError */
export function downloadSbom(
  image: string,
  options: DownloadOptions,
  environment: Environment,
): Promise<void> {
  tell(
    'WARNING: nobody has signed a bill of materials that is kept this way: prefer one that is attested (download attestation)',
  );
  return at(image, options, environment, async ({ client, repository, digest }) => {
    const manifest = await client.findManifest(repository, attachedTag('sbom', digest));
    if (manifest === undefined) throw nothing(image, 'bill of materials');
    const [layer, ...others] = layersOf(manifest, 2, repository.registry);
    if (layer === undefined || others.length > 0)
      throw new CliError(
        `${image}: the bill of materials has ${others.length + (layer ? 1 : 0)} parts, want one`,
      );
    tell(`Found SBOM of media type: ${printable(layer.mediaType)}`);
    process.stdout.write(
      await client.getBlob(repository, layer.digest, Math.min(layer.size, MAX_SBOM_BYTES)),
    );
  });
}

function at(
  image: string,
  options: DownloadOptions,
  environment: Environment,
  work: (place: Place) => Promise<void>,
): Promise<void> {
  const reference = readImageReference(image);
  return withRegistry(reference, options, environment, async (registry) => {
    const { client, repository } = registry;
    const digest = await resolveImage(registry, reference);
    const { platform } = options;
    const chosen =
      platform === undefined
        ? digest
        : childForPlatform(await readIndexChildren(client, reference, digest), platform).digest;
    await work({ client, repository, digest: chosen });
  });
}

interface Found {
  readonly line: string | undefined;
  readonly candidate: SignatureCandidate;
}

async function bundlesOf({ client, repository, digest }: Place): Promise<Found[]> {
  return readable(await readBundleReferrers(client, repository, digest)).map(({ bundle, source }) => ({
    line: documentLine(bundle),
    candidate: bundleCandidate(bundle, source),
  }));
}

/** What cannot be read is said, and keeps nothing else back. */
function readable<T>(items: readonly (T | OciError)[]): T[] {
  return items.flatMap((item) => {
    if (!(item instanceof OciError)) return [item];
    tell(`WARNING: ${printable(item.message)}`);
    return [];
  });
}

function isOfType({ evidence }: SignatureCandidate, type: string | undefined): boolean {
  if (type === undefined) return true;
  if (evidence instanceof VerificationError || evidence.content.kind !== 'dsse') return false;
  try {
    return parseStatement(evidence.content.payloadType, evidence.content.payload).predicateType === type;
  } catch (error) {
    if (error instanceof VerificationError) return false;
    throw error;
  }
}

function predicateTypeOf(text: string): string {
  try {
    return parsePredicateType('--predicate-type', text);
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    throw new CliError(cause.message, exitCodes.usage, { cause });
  }
}

function print(lines: readonly (string | undefined)[], image: string, what: string): void {
  const whole = lines.filter((line) => line !== undefined);
  if (whole.length === 0) throw nothing(image, what);
  process.stdout.write(whole.map((line) => `${line}\n`).join(''));
}

function nothing(image: string, what: string): CliError {
  return new CliError(`${image}: no ${what} found`, exitCodes.imageWithoutSignature);
}
