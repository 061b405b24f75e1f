import { createRequire } from 'node:module';
import { decodeBase64 } from '@sigstead/encoding';

export const PUBLIC_GOOD_MIRROR = 'https://tuf-repo-cdn.sigstore.dev';

export interface PublicGoodSeed {
  /** TUF root to begin with. */
  readonly initialRoot: Uint8Array;
  readonly trustedRoot: Uint8Array;
}

interface Seed {
  readonly 'root.json': string;
  readonly targets: { readonly 'trusted_root.json': string };
}

/**
 * What the npm package `@sigstore/tuf` ships of the public-good instance, which its own client begins with too. Only the data file
 * is read: none of its code runs, nothing is dialled or written.
 */
export function publicGoodSeed(): PublicGoodSeed {
  const seeds = createRequire(import.meta.url)('@sigstore/tuf/seeds.json') as Record<string, Seed>;
  const seed = seeds[PUBLIC_GOOD_MIRROR] as Seed;
  return {
    initialRoot: decodeBase64(seed['root.json']),
    trustedRoot: decodeBase64(seed.targets['trusted_root.json']),
  };
}
