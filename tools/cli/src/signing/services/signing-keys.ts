import type { HashAlgorithm } from '@sigstead/crypto';
import {
  keySourceOf,
  managedKey,
  withCertifiedKeys,
  type KeySource,
  type ManagedKey,
  type SigningServices,
} from '@sigstead/signing';
import { CliError, exitCodes } from '../../cli-error.ts';
import { findIdentityToken } from '../../identity/identity-token.ts';
import { processSurroundings } from '../../identity/surroundings.ts';
import type { CommandSurroundings, SigningOptions } from '../options.ts';
import type { SigningPlan } from './signing-plan.ts';

/** What signs: a key of the caller's own, or one that is made and certified for a token when it is needed, and forgotten. */
export interface SigningKeys {
  /** Of the digests that are signed. */
  readonly hash: HashAlgorithm;
  /** Lends keys for as long as `use` takes. */
  lend<T>(use: (keys: KeySource) => Promise<T>): Promise<T>;
}

/** @throws CliError for a key that cannot be opened, or a key and a token */
export async function prepareKeys(
  options: SigningOptions,
  plan: SigningPlan,
  services: SigningServices,
  surroundings: CommandSurroundings,
): Promise<SigningKeys> {
  if (options.key !== undefined) {
    const key = await openManagedKey(options.key, options);
    return { hash: key.signer.hash, lend: (use) => use(keySourceOf(key)) };
  }
  return {
    hash: 'sha256',
    lend: async (use) => {
      const token = await findToken(options, plan, surroundings);
      return withCertifiedKeys(services, token, use);
    },
  };
}

async function openManagedKey(reference: string, options: SigningOptions): Promise<ManagedKey> {
  if (options.identityToken !== undefined)
    throw new CliError(
      '--key signs without an identity: --identity-token has no meaning with it',
      exitCodes.usage,
    );
  const [{ openKey }, { processPasswordSources }] = await Promise.all([
    import('../../keys/open-key.ts'),
    import('../../keys/password.ts'),
  ]);
  return managedKey(await openKey(reference, options, processPasswordSources()));
}

/** Unless a stack is named, the one whose services sign is the one that may have a development issuer. */
function findToken(
  options: SigningOptions,
  { config, file }: SigningPlan,
  { url, isStackNamed }: CommandSurroundings,
): Promise<string> {
  const [ca] = config.caUrls;
  const stack = isStackNamed || ca === undefined ? url : ca.url;
  const named = file === undefined ? options : { ...options, signingConfig: file };
  return findIdentityToken(named, stack, processSurroundings());
}
