import { PublicKey } from '@sigstead/crypto';
import { Certificate } from '@sigstead/x509';
import { DEFAULT_ENTRY_POLICY, type EntryPolicy, type SigningAlgorithm } from './entry-policy.ts';

/** An {@link EntryPolicy} as it is configured: plain data, so that it can be handed to another thread. */
export interface EntryPolicySettings {
  /** Rekor's default when absent. */
  readonly algorithms?: readonly SigningAlgorithm[];
  readonly kinds?: readonly string[];
  readonly signers?: {
    /** PEM, one key each. */
    readonly keys: readonly string[];
    /** PEM, one chain each, issuing CA first, root last. */
    readonly authorities: readonly string[];
  };
}

/** @throws KeyError, X509Error for PEM that cannot be used */
export function buildEntryPolicy({ algorithms, kinds, signers }: EntryPolicySettings): EntryPolicy {
  return {
    algorithms: algorithms ?? DEFAULT_ENTRY_POLICY.algorithms,
    ...(kinds === undefined ? {} : { kinds }),
    ...(signers === undefined
      ? {}
      : {
          signers: {
            keys: signers.keys.map((pem) => PublicKey.fromPem(pem)),
            authorities: signers.authorities.map((pem) => Certificate.chainFromPem(pem)),
          },
        }),
  };
}
