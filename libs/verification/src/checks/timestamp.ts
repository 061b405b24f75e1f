import { isSignedBy, parseTimestamp, verifyTimestamp } from '@sigstead/timestamp';
import { isWithin, type CertificateAuthority } from '@sigstead/trust';
import { describeName } from '@sigstead/x509';
import { checked, VerificationError } from '../errors.ts';
import { describeValidity, printable } from '../text.ts';

/** A timestamp of an authority of the trusted root. */
export interface SignatureTimestamp {
  readonly genTime: Date;
  readonly authority: CertificateAuthority;
}

/**
 * The timestamp is over these bytes, by an authority of the trusted root, at a time at which it was trusted (both ends of its window
 * count as inside) and its certificates were valid (RFC 3161).
 *
 * @throws VerificationError TIMESTAMP_MALFORMED, TIMESTAMP_UNTRUSTED, TIMESTAMP_INVALID
 */
export function verifySignatureTimestamp(
  der: Uint8Array,
  message: Uint8Array,
  authorities: readonly CertificateAuthority[],
): SignatureTimestamp {
  const timestamp = checked('TIMESTAMP_MALFORMED', 'timestamp', () => parseTimestamp(der));
  const named = authorities.filter(({ certificates: [signer] }) => signer && isSignedBy(timestamp, signer));
  if (named.length === 0) {
    const issuer = checked('TIMESTAMP_MALFORMED', 'timestamp', () =>
      describeName(timestamp.signerInfo.signer.issuer),
    );
    throw new VerificationError(
      'TIMESTAMP_UNTRUSTED',
      `the timestamp is by an authority certified by "${printable(issuer, 200)}", which the trusted root does not know`,
    );
  }
  let refusal: VerificationError | undefined;
  for (const authority of named) {
    try {
      const { genTime } = checked('TIMESTAMP_INVALID', 'timestamp', () =>
        verifyTimestamp(timestamp, message, authority.certificates),
      );
      assertAuthorityValidAt(authority, genTime);
      return { genTime, authority };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new VerificationError('TIMESTAMP_UNTRUSTED', 'no timestamp authority to judge by');
}

function assertAuthorityValidAt({ uri, validFor }: CertificateAuthority, at: Date): void {
  if (isWithin(validFor, at)) return;
  throw new VerificationError(
    'TIMESTAMP_UNTRUSTED',
    `the timestamp authority ${uri} was not trusted at ${at.toISOString()}, only ${describeValidity(validFor)}`,
  );
}
