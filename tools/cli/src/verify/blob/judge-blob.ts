import {
  formatArtifactDigest,
  renderVerdict,
  stepOf,
  VerificationError,
  verifySignature,
  type Artifact,
  type Policy,
  type SignatureVerdict,
} from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import { tell, type Judging } from '../judging.ts';
import type { JudgingOptions, Surroundings } from '../options.ts';
import { hasColors, type OutputFormat } from '../report/output-format.ts';
import { aboutArtifact } from './blob-parts.ts';
import type { SignedBlob } from './signed-blob.ts';

/** What a signature of a file is judged by. */
export interface BlobTask {
  /** As it was named. */
  readonly file: string;
  readonly artifact: Artifact;
  readonly signed: SignedBlob;
  readonly policy: Policy;
  readonly judging: Judging;
  /** Undefined: nothing but the word. */
  readonly format: OutputFormat | undefined;
  readonly options: JudgingOptions;
  readonly surroundings: Surroundings;
}

/**
 * Judges a signature by what came with it, and says `Verified OK` to standard error.
 *
 * @throws CliError with the reason for a refusal
 */
export function judgeBlob(task: BlobTask): void {
  const { file, judging } = task;
  const verdict = judge(task);
  print(verdict, task);
  if (verdict.verified) return tell('Verified OK');
  const reason = stepOf(verdict.steps, 'result')?.reason ?? 'nothing passes';
  throw new CliError(`${JSON.stringify(file)}: ${reason} (judged by ${judging.origin})`, exitCodes.failed);
}

function judge({ signed, artifact, policy, judging, options }: BlobTask): SignatureVerdict {
  const { source, evidence, hasProof, hasSubject } = signed;
  const isComplete = hasSubject || evidence instanceof VerificationError;
  const candidate = { source, evidence: isComplete ? evidence : aboutArtifact(evidence, artifact) };
  return verifySignature(judging.take(candidate), artifact, judging.roots, policy, {
    ...judging.demands,
    requireInclusionProof: hasProof || options.requireInclusionProof === true,
  });
}

function print(verdict: SignatureVerdict, { file, artifact, format, surroundings }: BlobTask): void {
  const { verified, steps } = verdict;
  const digest = formatArtifactDigest(artifact);
  if (format === 'json') process.stdout.write(`${JSON.stringify({ file, digest, ...verdict })}\n`);
  if (format !== 'text') return;
  const colors = hasColors(process.stdout, surroundings.environment);
  process.stdout.write(renderVerdict({ verified, digest, steps, signatures: [verdict] }, { colors }));
}
