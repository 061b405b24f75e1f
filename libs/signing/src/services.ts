import type { FulcioClient, RekorClient, RekorV2Client, TimestampClient } from '@sigstead/client';
import type { TrustedRoot } from '@sigstead/trust';
import { SigningError } from './errors.ts';

/** A transparency log with the API it speaks. */
export type SigningLog =
  | { readonly version: 1; readonly client: Pick<RekorClient, 'create'> }
  | { readonly version: 2; readonly client: Pick<RekorV2Client, 'add'> };

/** What signing needs besides a key or a token. */
export interface SigningServices {
  /** Not asked when the key is a managed one. */
  readonly fulcio?: Pick<FulcioClient, 'createSigningCertificate'>;
  /** At least one, all of one version: every signature is logged in each. */
  readonly logs: readonly SigningLog[];
  /** Every signature is timestamped by each. */
  readonly timestampAuthorities: readonly Pick<TimestampClient, 'timestamp'>[];
  /** Against which every answer is verified before it is used. */
  readonly trustedRoot: TrustedRoot;
  readonly clock: () => Date;
  /** Cryptographic source for the ephemeral key, OpenSSL's unless given. */
  readonly randomBytes?: (n: number) => Uint8Array;
}

/**
 * Whether a signature made with these services could ever verify: a certificate is over in minutes, so something must say when the
 * signature was there. Rekor v1 does; Rekor v2 leaves that to a timestamp authority. Found out before anything is signed.
 *
 * @throws SigningError SERVICES
 */
export function assertComplete(
  { logs, timestampAuthorities }: SigningServices,
  withCertificate: boolean,
): void {
  if (logs.length === 0) throw incomplete('there is no transparency log to sign with');
  if (logs.some(({ version }) => version !== logs[0]?.version))
    throw incomplete('logs of Rekor v1 and v2 are not mixed in one signature');
  if (!withCertificate || logs[0]?.version === 1 || timestampAuthorities.length > 0) return;
  throw incomplete(
    'Rekor v2 gives no time: a timestamp authority is needed to sign with a short-lived certificate',
  );
}

/** Whether the log promises inclusion in the form that `.sig` and `.att` tags have room for. */
export function hasPromises({ logs }: SigningServices): boolean {
  return logs[0]?.version === 1;
}

function incomplete(message: string): SigningError {
  return new SigningError('input', 'SERVICES', message);
}
