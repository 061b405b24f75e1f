import type { Surroundings } from '../surroundings.ts';

/** What tokens are for, as every client of Sigstore asks. */
export const AUDIENCE = 'sigstore';

/** Somebody who vouches for this machine or job without being asked by a person. */
export interface AmbientProvider {
  /** As `--oidc-provider` has it. */
  readonly name: string;
  isPresent(surroundings: Surroundings): boolean | Promise<boolean>;
  /** @throws CliError naming who gives none */
  requestToken(surroundings: Surroundings): Promise<string>;
}
