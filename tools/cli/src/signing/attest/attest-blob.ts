import { basename } from 'node:path';
import { encodeHex, type JsonObject } from '@sigstead/encoding';
import {
  describeSignatures,
  makeSignature,
  type SigningKey,
  type SigningServices,
  type Statement,
  type Subject,
} from '@sigstead/signing';
import { digestArtifact, isDigestText } from '../../artifact.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import { artifactDigest } from '../blob/artifact-digest.ts';
import { assertNewBundles, assertTimestamped, outputFiles } from '../blob/output-files.ts';
import { writeSignatureFiles, type SignatureFiles } from '../blob/signature-files.ts';
import type { AttestBlobOptions, CommandSurroundings } from '../options.ts';
import { explainedOnly } from '../run/failure.ts';
import { workOff } from '../run/signing-run.ts';
import { openServices } from '../services/open-services.ts';
import { prepareKeys } from '../services/signing-keys.ts';
import { findSigningPlan } from '../services/signing-plan.ts';
import { assertOneInput } from '../standard-input.ts';
import { readAttestation, statementAbout, type Attestation } from './read-attestation.ts';

/** Attests something about a file, here or by a signer service. @throws CliError */
export async function attestBlob(
  given: string | undefined,
  options: AttestBlobOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  const named = options.hash === undefined ? given : `sha256:${options.hash}`;
  assertOneInput([named, options.predicate, options.statement], options, surroundings);
  assertNewBundles(options);
  const attestation = await explainedOnly('attesting', () => readAttestation(options));
  if (named === undefined && attestation.kind === 'predicate')
    throw new CliError('a predicate is about something: name the file', exitCodes.usage);
  const name = given ?? named ?? options.statement ?? '';
  const plan = await findSigningPlan(options, surroundings);
  if (plan === undefined) {
    const { haveBlobAttested } = await import('../signer/have-attested.ts');
    return haveBlobAttested(await aboutBlob(named, given, attestation), name, options, surroundings);
  }
  const services = openServices(plan);
  assertTimestamped(options.rfc3161TimestampBundle, services);
  const filesOf = await outputFiles(partsOf(options), [given ?? named ?? '-']);
  const keys = await prepareKeys(options, plan, services, surroundings);
  const statement = await explainedOnly(`attesting ${name}`, () => aboutBlob(named, given, attestation));
  const piece = { statement, files: filesOf(given ?? named ?? '-') };
  const { output } = options;
  const wanted = [{ name, pieces: [piece] as const }];
  await workOff({ wanted, keys, output, sign: (key, one) => signStatement(key, one, services) });
}

interface BlobStatement {
  readonly statement: Statement;
  readonly files: SignatureFiles;
}

async function signStatement(
  key: SigningKey,
  { statement, files }: BlobStatement,
  services: SigningServices,
): Promise<JsonObject> {
  const signature = await makeSignature(services, key, { kind: 'statement', statement });
  await writeSignatureFiles(files, signature);
  const { predicateType, subjects } = statement;
  const [{ name, digest }] = subjects;
  const [[algorithm, hex] = []] = Object.entries(digest);
  return {
    ...(name !== undefined && { name }),
    digest: `${algorithm}:${hex}`,
    predicateType,
    ...describeSignatures([{ form: 'bundle', signature, predicateType }]),
    ...(files.bundle !== undefined && { bundleFile: files.bundle }),
  };
}

/** The statement about the file, which is SHA-256 in attestations whatever the key signs. */
async function aboutBlob(
  named: string | undefined,
  given: string | undefined,
  attestation: Attestation,
): Promise<Statement> {
  if (named === undefined) {
    if (attestation.kind === 'statement') return attestation.statement;
    throw new Error('a predicate was taken that is about nothing');
  }
  const { algorithm, digest } = isDigestText(named)
    ? digestArtifact(named)
    : await artifactDigest(named, 'sha256');
  const hasName = given !== undefined && given !== '-' && !isDigestText(given);
  const subject: Subject = {
    ...(hasName && { name: basename(given) }),
    digest: { [algorithm]: encodeHex(digest) },
  };
  return statementAbout(attestation, subject, new Date());
}

function partsOf(options: AttestBlobOptions): Parameters<typeof outputFiles>[0] {
  const { bundle, key, output } = options;
  return {
    bundle,
    key,
    output,
    signature: options.outputSignature,
    certificate: options.outputCertificate,
    attestation: options.outputAttestation,
    timestamp: options.rfc3161TimestampBundle,
  };
}
