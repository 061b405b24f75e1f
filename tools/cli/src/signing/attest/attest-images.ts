import type { JsonObject } from '@sigstead/encoding';
import type { RegistryClient } from '@sigstead/oci';
import {
  assertForm,
  assertStorable,
  defaultForm,
  describeSignatures,
  envelopeJson,
  makeSignature,
  storeAttestation,
  type MadeSignatures,
  type Place,
  type Signature,
  type SigningKey,
  type SigningServices,
  type Statement,
} from '@sigstead/signing';
import { readImageReference } from '../../registry/image-reference.ts';
import { openRegistries } from '../../registry/open-registries.ts';
import {
  assertBesideImages,
  describeRepository,
  signatureRepository,
} from '../../registry/signature-repository.ts';
import { FileDraft } from '../../replace-file.ts';
import { bundleFiles, type BundleFiles } from '../bundle-files.ts';
import { resolveImages, type NamedImage } from '../image/resolve-images.ts';
import { wantedForm } from '../image/signature-form.ts';
import type { AttestOptions, CommandSurroundings } from '../options.ts';
import { asUsage, explainedOnly, failureOf } from '../run/failure.ts';
import { workOff, type Wanted } from '../run/signing-run.ts';
import { openServices } from '../services/open-services.ts';
import { prepareKeys } from '../services/signing-keys.ts';
import { findSigningPlan, type SigningPlan } from '../services/signing-plan.ts';
import { assertOneInput } from '../standard-input.ts';
import { readAttestation, statementAbout, type Attestation } from './read-attestation.ts';

/** Attests something about images, here or by a signer service. @throws CliError */
export async function attestImages(
  images: readonly string[],
  options: AttestOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  const named = images.map((name) => ({ name, image: readImageReference(name) }));
  assertOneInput([options.predicate, options.statement], options, surroundings);
  const attestation = await explainedOnly('attesting', () => readAttestation(options));
  const plan = await findSigningPlan(options, surroundings);
  if (plan === undefined) {
    assertBesideImages(surroundings.environment);
    const { haveImagesAttested } = await import('../signer/have-attested.ts');
    return haveImagesAttested(named, attestation, options, surroundings);
  }
  await attestImagesHere(named, attestation, options, plan, surroundings);
}

interface AttestationPiece {
  readonly place: Place;
  readonly statement: Statement;
}

/** What does not change from image to image. */
interface Surroundings {
  readonly services: SigningServices;
  readonly registry: RegistryClient;
  readonly options: AttestOptions;
  readonly form: ReturnType<typeof defaultForm>;
  readonly bundles: BundleFiles | undefined;
}

async function attestImagesHere(
  images: readonly NamedImage[],
  attestation: Attestation,
  options: AttestOptions,
  plan: SigningPlan,
  surroundings: CommandSurroundings,
): Promise<void> {
  const { bundle, output } = options;
  const services = openServices(plan);
  const form = wantedForm(options) ?? defaultForm(services);
  asUsage(() => assertForm(form, services));
  const keys = await prepareKeys(options, plan, services, surroundings);
  const bundles = bundle === undefined ? undefined : await bundleFiles(bundle, images.length > 1);
  const { environment } = surroundings;
  const references = images.flatMap(({ image }) => [image, signatureRepository(image, environment)]);
  const registries = await openRegistries(references, options, environment);
  const around: Surroundings = { services, registry: registries.client, options, form, bundles };
  try {
    const places = await resolveImages(images, registries.client, false, (place) => ({
      ...place,
      repository: signatureRepository(place.image, environment),
    }));
    const wanted = places.map((one) => stated(one, attestation));
    await workOff({ wanted, keys, output, sign: (key, piece) => attestImage(key, piece, around) });
  } finally {
    registries.close();
  }
}

/** Found out before anything is signed. */
function stated({ name, pieces }: Wanted<Place>, attestation: Attestation): Wanted<AttestationPiece> {
  if ('failure' in pieces) return { name, pieces };
  const [place] = pieces;
  const [algorithm = '', hex = ''] = place.manifest.digest.split(':');
  try {
    const subject = { name: place.image.name, digest: { [algorithm]: hex } };
    const statement = statementAbout(attestation, subject, new Date());
    assertStorable(statement);
    return { name, pieces: [{ place, statement }] };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return { name, pieces: { failure } };
  }
}

async function attestImage(
  key: SigningKey,
  { place, statement }: AttestationPiece,
  around: Surroundings,
): Promise<JsonObject> {
  const { services, options, bundles } = around;
  const { image, manifest } = place;
  const signature = await makeSignature(services, key, { kind: 'statement', statement });
  const file = bundles?.pathFor(manifest.digest);
  const draft = file === undefined ? undefined : await FileDraft.write(file, `${signature.bundleJson}\n`);
  try {
    const made = await store(place, signature, statement, around);
    await draft?.keep('the image is attested');
    return {
      image: `${image.name}@${manifest.digest}`,
      digest: manifest.digest,
      predicateType: statement.predicateType,
      ...describeSignatures(made),
      ...(options.upload !== false && describeRepository(place)),
      ...(options.upload === false && { envelope: envelopeJson(signature) }),
      ...(file !== undefined && { bundleFile: file }),
    };
  } catch (error) {
    await draft?.discard();
    throw error;
  }
}

function store(
  place: Place,
  signature: Signature,
  { predicateType }: Statement,
  { registry, options, form }: Surroundings,
): Promise<MadeSignatures> {
  const { upload = true, replace = false } = options;
  if (!upload) return Promise.resolve([{ form: 'bundle', signature, predicateType }]);
  return storeAttestation(registry, place, signature, { form, predicateType, replace }, new Date());
}
