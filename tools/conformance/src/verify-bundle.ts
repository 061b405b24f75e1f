import { parseBundle } from '@sigstead/bundle';
import { parseTrustedRoot, type TrustedRoot } from '@sigstead/trust';
import { assertVerified, compilePolicy, verifyBundle, type Policy } from '@sigstead/verification';
import type { ExpectedSigner, VerifyArguments } from './arguments.ts';
import { readArtifact } from './artifact.ts';
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
  const artifact = await readArtifact(options.artifact);
  assertVerified(verifyBundle(bundle, artifact, trustedRoot, policy, now));
}

async function readTrustedRoot(path: string | undefined): Promise<TrustedRoot> {
  return path === undefined ? publicGoodRoot() : parseTrustedRoot(await readBounded(path, 'trusted root'));
}

async function policyFor(signer: ExpectedSigner): Promise<Policy> {
  if (signer.kind === 'identity') return compilePolicy({ identity: signer.identity, issuer: signer.issuer });
  return compilePolicy({ key: new TextDecoder().decode(await readBounded(signer.key, 'key')) });
}
