import type { FulcioClient, RekorClient } from '@sigstead/client';
import type { TrustedRoot } from '@sigstead/trust';

/** What keyless signing needs besides a token. */
export interface SigningServices {
  readonly fulcio: Pick<FulcioClient, 'createSigningCertificate'>;
  readonly rekor: Pick<RekorClient, 'create'>;
  /** Against which every answer is verified before it is used. */
  readonly trustedRoot: TrustedRoot;
  readonly clock: () => Date;
  /** Cryptographic source for the ephemeral key, OpenSSL's unless given. */
  readonly randomBytes?: (n: number) => Uint8Array;
}
