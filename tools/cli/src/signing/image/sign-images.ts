import type { JsonObject } from '@sigstead/encoding';
import { parseImageReference, type RegistryClient } from '@sigstead/oci';
import {
  assertForm,
  defaultForm,
  describeSignatures,
  madeOfImage,
  signImageDigest,
  simpleSigningPayload,
  storeImageSignatures,
  type ImageSignatures,
  type Place,
  type SigningKey,
  type SigningServices,
} from '@sigstead/signing';
import { CliError, exitCodes } from '../../cli-error.ts';
import { readImageReference } from '../../registry/image-reference.ts';
import { openRegistries } from '../../registry/open-registries.ts';
import {
  assertBesideImages,
  describeRepository,
  signatureRepository,
} from '../../registry/signature-repository.ts';
import { FileDraft } from '../../replace-file.ts';
import { bundleFiles, type BundleFiles } from '../bundle-files.ts';
import type { CommandSurroundings, SignOptions } from '../options.ts';
import { asUsage } from '../run/failure.ts';
import { workOff } from '../run/signing-run.ts';
import { openServices } from '../services/open-services.ts';
import { prepareKeys } from '../services/signing-keys.ts';
import { findSigningPlan, type SigningPlan } from '../services/signing-plan.ts';
import { resolveImages } from './resolve-images.ts';
import { wantedForm } from './signature-form.ts';

/** Signs images, here or by a signer service. @throws CliError */
export async function signImages(
  images: readonly string[],
  options: SignOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  const named = images.map((name) => ({ name, image: readImageReference(name) }));
  const plan = await findSigningPlan(options, surroundings);
  if (plan === undefined) {
    assertBesideImages(surroundings.environment);
    const { haveImagesSigned } = await import('../signer/have-images-signed.ts');
    return haveImagesSigned(named, options, surroundings);
  }
  await signImagesHere(named, options, plan, surroundings);
}

/** What does not change from image to image. */
interface Surroundings {
  readonly services: SigningServices;
  readonly registry: RegistryClient;
  readonly options: SignOptions;
  readonly form: ReturnType<typeof defaultForm>;
  readonly bundles: BundleFiles | undefined;
}

async function signImagesHere(
  images: Parameters<typeof resolveImages>[0],
  options: SignOptions,
  plan: SigningPlan,
  surroundings: CommandSurroundings,
): Promise<void> {
  const { recursive = false, bundle, output } = options;
  if (options.upload === false && bundle === undefined && output !== 'json')
    throw new CliError(
      '--upload=false leaves the signature nowhere: want --bundle, or --output json',
      exitCodes.usage,
    );
  const services = openServices(plan);
  const form = wantedForm(options) ?? defaultForm(services);
  asUsage(() => assertForm(form, services));
  if (form !== 'bundle') asUsage(() => assertAnnotations(options.annotations));
  const keys = await prepareKeys(options, plan, services, surroundings);
  const bundles =
    bundle === undefined ? undefined : await bundleFiles(bundle, recursive || images.length > 1);
  const { environment } = surroundings;
  const repositories = images.map(({ image }) => signatureRepository(image, environment));
  const registries = await openRegistries(
    [...images.map(({ image }) => image), ...repositories],
    options,
    environment,
  );
  const around: Surroundings = { services, registry: registries.client, options, form, bundles };
  try {
    const wanted = await resolveImages(images, registries.client, recursive, (place) => ({
      ...place,
      repository: signatureRepository(place.image, environment),
    }));
    await workOff({ wanted, keys, output, sign: (key, place) => signImage(key, place, around) });
  } finally {
    registries.close();
  }
}

/** First all is made, verified, and written beside its place; then it is pushed; then the file is in its place. */
async function signImage(key: SigningKey, place: Place, around: Surroundings): Promise<JsonObject> {
  const { services, registry, options, form, bundles } = around;
  const { image, manifest } = place;
  const { annotations = {}, upload = true } = options;
  const signatures = await signImageDigest(services, key, {
    image,
    digest: manifest.digest,
    annotations,
    form,
  });
  const draft = bundles && (await FileDraft.write(bundles.pathFor(manifest.digest), bundleText(signatures)));
  try {
    const made = upload
      ? await storeImageSignatures(registry, place, signatures, new Date())
      : madeOfImage(signatures);
    await draft?.keep('the image is signed');
    return {
      image: `${image.name}@${manifest.digest}`,
      digest: manifest.digest,
      ...describeSignatures(made),
      ...(upload && describeRepository(place)),
      ...(bundles && { bundleFile: bundles.pathFor(manifest.digest) }),
    };
  } catch (error) {
    await draft?.discard();
    throw error;
  }
}

/** Else the other form would be in the log by then. @throws SigningError ANNOTATIONS */
function assertAnnotations(annotations: SignOptions['annotations']): void {
  simpleSigningPayload(parseImageReference('localhost/any'), `sha256:${'0'.repeat(64)}`, annotations);
}

/** What cosign 3 writes is the bundle that refers to the image; of the `.sig` form it is over the payload. */
function bundleText({ legacy, bundle }: ImageSignatures): string {
  return `${(bundle ?? legacy?.signature)?.bundleJson ?? ''}\n`;
}
