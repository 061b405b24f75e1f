import type { CrlReason } from '@sigstead/x509';

/**
 * What no longer counts:
 * - `serial`: one certificate of one CA;
 * - `key`: every certificate for a key;
 * - `identity`: every certificate for a subject alternative name, of any issuer of tokens unless one is named;
 * - `authority`: every certificate that a CA's key issued.
 */
export type RevocationTarget =
  | {
      readonly kind: 'serial';
      /** Unsigned big-endian without leading zeros, 1 to 20 octets. */
      readonly serialNumber: Uint8Array;
      readonly authorityKeyId: Uint8Array;
    }
  | {
      readonly kind: 'key';
      /** SHA-256 of the SubjectPublicKeyInfo. */
      readonly keyHash: Uint8Array;
    }
  | {
      readonly kind: 'identity';
      /** Value of a subject alternative name, compared character by character. */
      readonly identity: string;
      /** `iss` of the tokens, compared character by character. */
      readonly issuer?: string;
    }
  | {
      readonly kind: 'authority';
      /** SHA-256 of the SubjectPublicKeyInfo of the CA that issued the certificate. */
      readonly authorityKeyId: Uint8Array;
    };

/** Signatures of the target made at `from` or later do not count. Dates are whole seconds. */
export interface Revocation {
  readonly target: RevocationTarget;
  readonly from: Date;
  readonly reason: CrlReason;
  /** When it was decided, which is `from` or later. */
  readonly revokedAt: Date;
}

export interface RevocationList {
  /** Grows with every revocation; a list with a lower one is an older list. */
  readonly sequence: number;
  readonly issuedAt: Date;
  /** From here on the list is not fresh: revocations may be missing in it. */
  readonly nextUpdate: Date;
  /** In the order they were made. */
  readonly revocations: readonly Revocation[];
}

/** Bounds of a list, for those who write it and those who read it. */
export const MAX_REVOCATIONS = 50_000;
export const MAX_IDENTITY_CHARACTERS = 4_096;
export const MAX_ISSUER_CHARACTERS = 2_048;
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
