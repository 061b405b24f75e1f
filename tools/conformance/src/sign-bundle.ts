import { writeFile } from 'node:fs/promises';
import {
  chooseServices,
  makeSignature,
  parseStatement,
  withCertifiedKeys,
  type SigningContent,
} from '@sigstead/signing';
import { parseSigningConfig, parseTrustedRoot } from '@sigstead/trust';
import type { SignArguments } from './arguments.ts';
import { readArtifact } from './artifact.ts';
import { UsageError } from './errors.ts';
import { readBounded } from './read-file.ts';

/** More than any of the services needs; the suite waits as long as it takes. */
const TIMEOUTS_MS = { certificate: 30_000, timestamp: 30_000, log: 30_000 };

/**
 * Signs as the command line says. The bundle was verified when it is written.
 *
 * @throws SigningError, TrustError with the reason
 * @throws UsageError when a file cannot be read or written
 */
export async function sign(options: SignArguments): Promise<void> {
  const trustedRoot = parseTrustedRoot(await readBounded(options.trustedRoot, 'trusted root'));
  const config = parseSigningConfig(await readBounded(options.signingConfig, 'signing config'));
  const content = await readContent(options);
  const services = chooseServices(config, {
    fetch: (url, init) => fetch(url, init),
    timeoutsMs: TIMEOUTS_MS,
    trustedRoot,
    clock: () => new Date(),
  });
  const { bundleJson } = await withCertifiedKeys(services, options.identityToken, async (keys) =>
    makeSignature(services, await keys.key(), content),
  );
  try {
    await writeFile(options.bundle, bundleJson);
  } catch (cause) {
    throw new UsageError(`the bundle cannot be written to ${JSON.stringify(options.bundle)}`, { cause });
  }
}

async function readContent({ file, inToto }: SignArguments): Promise<SigningContent> {
  if (inToto) return { kind: 'statement', statement: parseStatement(await readBounded(file, 'statement')) };
  return { kind: 'digest', digest: await readArtifact(file) };
}
