import {
  compilePolicy,
  formatArtifactDigest,
  parseArtifactDigest,
  parseStatement,
  VerificationError,
  type Artifact,
  type Policy,
  type SignatureEvidence,
} from '@sigstead/verification';
import { CliError } from '../../cli-error.ts';
import { artifactNeeds } from '../blob/artifact-needs.ts';
import { readArtifact } from '../../artifact.ts';
import { aboutArtifact } from '../blob/blob-parts.ts';
import { readSignedBlob, type SignedBlob } from '../blob/signed-blob.ts';
import type { ExplainOptions, Surroundings } from '../options.ts';
import { outputFormat } from '../report/output-format.ts';
import { readManagedKey } from '../signer/managed-key.ts';
import { compileSignerPolicy } from '../signer/signer-policy.ts';
import { findTrust } from '../trust/local-trust.ts';
import { readClaims, type Claims } from './claims.ts';
import { judgeLinks, type Link } from './links.ts';
import { renderExplanation } from './render-explanation.ts';

/** What a bundle claims, and which of it holds. JSON types only. */
export interface Explanation {
  readonly bundle: string;
  readonly mediaType: string | null;
  readonly version: string | null;
  readonly claims: Claims;
  /** Where the trusted root comes from; null: there is none, and nothing was judged. */
  readonly trustedRoot: string | null;
  /** What the links were judged for: an artifact that was given, or what the bundle says it is about. */
  readonly artifact: { readonly digest: string; readonly given: boolean } | null;
  /** None without a trusted root. */
  readonly links: readonly Link[];
}

/**
 * Tells what a bundle claims and which links hold, whoever signed.
 *
 * @throws CliError when there is nothing to explain
 */
export async function explainBundle(
  file: string,
  options: ExplainOptions,
  { environment }: Surroundings,
): Promise<void> {
  const format = outputFormat(options.output, undefined);
  const signed = await readSignedBlob(file);
  const { evidence } = signed;
  if (evidence instanceof VerificationError)
    throw new CliError(`bundle ${JSON.stringify(file)} cannot be used: ${evidence.message}`);
  const trust = await findTrust(options, environment);
  const policy = await policyFor(evidence, options, environment);
  const artifact = await artifactFor(signed, evidence, options, policy);
  const candidate = {
    source: signed.source,
    evidence: signed.hasSubject || artifact === undefined ? evidence : aboutArtifact(evidence, artifact),
  };
  const explanation: Explanation = {
    bundle: file,
    mediaType: signed.form?.mediaType ?? null,
    version: signed.form?.version ?? null,
    claims: readClaims(evidence, trust?.roots ?? []),
    trustedRoot: trust?.origin ?? null,
    artifact:
      artifact === undefined
        ? null
        : { digest: formatArtifactDigest(artifact), given: options.artifact !== undefined },
    links:
      trust === undefined ? [] : judgeLinks(candidate, trust.roots, { artifact, policy, now: new Date() }),
  };
  process.stdout.write(
    format === 'json' ? `${JSON.stringify(explanation)}\n` : renderExplanation(explanation),
  );
}

/** Anybody with a certificate, or whoever holds the key that was given. */
async function policyFor(
  { key }: SignatureEvidence,
  options: ExplainOptions,
  environment: Surroundings['environment'],
): Promise<Policy | undefined> {
  if (key.kind === 'certificate') return compilePolicy({ anyIdentity: true });
  if (options.key === undefined) return undefined;
  return compileSignerPolicy({ key: await readManagedKey(options.key, environment) });
}

async function artifactFor(
  { hasSubject }: SignedBlob,
  evidence: SignatureEvidence,
  { artifact }: ExplainOptions,
  policy: Policy | undefined,
): Promise<Artifact | undefined> {
  if (artifact !== undefined) return readArtifact(artifact, artifactNeeds(evidence, policy));
  return hasSubject ? claimedArtifact(evidence) : undefined;
}

/** What the signature says it is about: of a statement the first subject that has a usable digest. */
function claimedArtifact({ content }: SignatureEvidence): Artifact | undefined {
  if (content.kind === 'message-digest') return content.claimed;
  if (content.kind !== 'dsse') return undefined;
  const subjects = unlessRefused(() => parseStatement(content.payloadType, content.payload).subjects) ?? [];
  for (const [algorithm, hex] of subjects.flatMap((subject) => Object.entries(subject.digests))) {
    const digest = unlessRefused(() => parseArtifactDigest(`${algorithm}:${hex.toLowerCase()}`));
    if (digest !== undefined) return digest;
  }
  return undefined;
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
