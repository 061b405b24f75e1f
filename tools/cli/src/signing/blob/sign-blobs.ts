import type { JsonObject } from '@sigstead/encoding';
import { describeSignatures, makeSignature, type SigningKey, type SigningServices } from '@sigstead/signing';
import { formatArtifactDigest, type ArtifactDigest } from '@sigstead/verification';
import { isDigestText } from '../../artifact.ts';
import { inParallel } from '../../in-parallel.ts';
import type { CommandSurroundings, SignBlobOptions } from '../options.ts';
import { failureOf } from '../run/failure.ts';
import { workOff, type Wanted } from '../run/signing-run.ts';
import { openServices } from '../services/open-services.ts';
import { prepareKeys } from '../services/signing-keys.ts';
import { findSigningPlan } from '../services/signing-plan.ts';
import { assertOneInput } from '../standard-input.ts';
import { artifactDigest } from './artifact-digest.ts';
import { assertNewBundles, assertTimestamped, outputFiles } from './output-files.ts';
import { writeSignatureFiles, type SignatureFiles } from './signature-files.ts';

/** Something with its digest, and what is written of its signature. */
export interface BlobPiece {
  readonly name: string;
  readonly digest: ArtifactDigest;
  readonly files: SignatureFiles;
}

/** Files are read from disk: more at once would not be faster. */
const CONCURRENCY = 4;

/** Signs files and digests, here or by a signer service. @throws CliError */
export async function signBlobs(
  names: readonly string[],
  options: SignBlobOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  assertOneInput(names, options, surroundings);
  assertNewBundles(options);
  const { outputSignature, outputCertificate, rfc3161Timestamp } = options;
  const parts = { signature: outputSignature, certificate: outputCertificate, timestamp: rfc3161Timestamp };
  const plan = await findSigningPlan(options, surroundings);
  if (plan === undefined) {
    const { haveBlobsSigned } = await import('../signer/have-blobs-signed.ts');
    return haveBlobsSigned(names, options, surroundings);
  }
  const services = openServices(plan);
  assertTimestamped(rfc3161Timestamp, services);
  const filesOf = await outputFiles({ ...options, ...parts }, names);
  const keys = await prepareKeys(options, plan, services, surroundings);
  // A token may not live as long as it takes to read a large file: it is asked for afterwards.
  const wanted = await inParallel(names, CONCURRENCY, (name) =>
    hashed(name, async () => ({ name, digest: await artifactDigest(name, keys.hash), files: filesOf(name) })),
  );
  const { output } = options;
  await workOff({ wanted, keys, output, sign: (key, piece) => signBlob(key, piece, services) });
}

async function signBlob(
  key: SigningKey,
  { name, digest, files }: BlobPiece,
  services: SigningServices,
): Promise<JsonObject> {
  const signature = await makeSignature(services, key, { kind: 'digest', digest });
  await writeSignatureFiles(files, signature);
  return {
    ...(!isDigestText(name) && name !== '-' && { name }),
    digest: formatArtifactDigest(digest),
    ...describeSignatures([{ form: 'bundle', signature }]),
    ...(files.bundle !== undefined && { bundleFile: files.bundle }),
  };
}

/** A file that cannot be read keeps no other from being signed. */
export async function hashed<Piece>(name: string, work: () => Promise<Piece>): Promise<Wanted<Piece>> {
  try {
    return { name, pieces: [await work()] };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return { name, pieces: { failure } };
  }
}
