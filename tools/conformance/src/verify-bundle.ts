import { parseBundle } from '@sigstead/bundle';
import { parseTrustedRoot, type TrustedRoot } from '@sigstead/trust';
import { assertVerified, compilePolicy, verifyBundle, type Policy } from '@sigstead/verification';
import type { ExpectedSigner, VerifyArguments } from './arguments.ts';
import { readArtifact } from './artifact.ts';
import { readBounded } from './read-file.ts';

/**
 * Verifies as the command line says, with nothing but the files it names.
 *
 * @throws VerificationError, PolicyError, BundleError or TrustError with the reason of the refusal
 * @throws UsageError when a file cannot be read
 */
export async function verify(options: VerifyArguments, now: Date): Promise<void> {
  const bundle = parseBundle(await readBounded(options.bundle, 'bundle'));
  const trustedRoot = await readTrustedRoot(options.trustedRoot, now);
  const policy = await policyFor(options.signer);
  const artifact = await readArtifact(options.artifact);
  assertVerified(verifyBundle(bundle, artifact, trustedRoot, policy, now));
}

/** The public instance's is loaded where nothing else is trusted only: it brings a reader of YAML and more. */
async function readTrustedRoot(path: string | undefined, now: Date): Promise<TrustedRoot> {
  if (path !== undefined) return parseTrustedRoot(await readBounded(path, 'trusted root'));
  const { publicGoodRoot } = await import('./public-good-root.ts');
  return publicGoodRoot(now);
}

async function policyFor(signer: ExpectedSigner): Promise<Policy> {
  if (signer.kind === 'identity') return compilePolicy({ identity: signer.identity, issuer: signer.issuer });
  return compilePolicy({ key: new TextDecoder().decode(await readBounded(signer.key, 'key')) });
}
