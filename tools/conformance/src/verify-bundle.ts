import { parseBundle, type Bundle } from '@sigstead/bundle';
import type { HashAlgorithm } from '@sigstead/crypto';
import { parseTrustedRoot, type TrustedRoot } from '@sigstead/trust';
import { assertVerified, compilePolicy, verifyBundle, type Policy } from '@sigstead/verification';
import type { ExpectedSigner, VerifyArguments } from './arguments.ts';
import { digestOfArtifact } from './artifact.ts';
import { publicGoodRoot } from './public-good-root.ts';
import { readBounded } from './read-file.ts';

/**
 * Verifies as the command line says, with nothing but the files it names.
 *
 * @throws VerificationError, PolicyError, BundleError or TrustError with the reason of the refusal
 * @throws UsageError when a file cannot be read
 */
export async function verify(options: VerifyArguments, now: Date): Promise<void> {
  const bundle = parseBundle(await readBounded(options.bundle, 'bundle'));
  const trustedRoot = await readTrustedRoot(options.trustedRoot);
  const policy = await policyFor(options.signer);
  const artifact = await digestOfArtifact(options.artifact, algorithmFor(bundle));
  assertVerified(verifyBundle(bundle, artifact, trustedRoot, policy, now));
}

/** A message signature says what it hashed; subjects of statements are named by SHA-256. */
function algorithmFor({ content }: Bundle): HashAlgorithm {
  return content.kind === 'messageSignature' ? content.digestAlgorithm : 'sha256';
}

async function readTrustedRoot(path: string | undefined): Promise<TrustedRoot> {
  return path === undefined ? publicGoodRoot() : parseTrustedRoot(await readBounded(path, 'trusted root'));
}

async function policyFor(signer: ExpectedSigner): Promise<Policy> {
  if (signer.kind === 'identity') return compilePolicy({ identity: signer.identity, issuer: signer.issuer });
  return compilePolicy({});
}
