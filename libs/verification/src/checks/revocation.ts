import type { PublicKey } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { findKeyRevocation, findRevocation, type RevocationList } from '@sigstead/revocation';
import type { Certificate } from '@sigstead/x509';
import { VerificationError } from '../errors.ts';
import type { SignerIdentity } from '../identity.ts';

/**
 * Nobody has revoked certificate, key, identity or authority from a date on at or before which it was not yet used: the latest time that
 * is known of the signature counts.
 *
 * @param signer identity and issuer in the certificate, when they can be read
 * @param issuer the CA certificate of the verified chain
 * @throws VerificationError CERTIFICATE_REVOKED
 */
export function assertNotRevoked(
  list: RevocationList,
  certificate: Certificate,
  signer: Pick<SignerIdentity, 'issuer'> | undefined,
  issuer: Certificate,
  signingTime: Date,
): void {
  const revocation = findRevocation(list, {
    serialNumber: certificate.serialNumber,
    keyHash: certificate.spkiHash,
    identities: certificate.subjectAlternativeNames.map(({ value }) => value),
    issuer: signer?.issuer,
    authorityKeyId: issuer.spkiHash,
    signingTime,
  });
  if (revocation === undefined) return;
  const { target, from, reason } = revocation;
  throw new VerificationError(
    'CERTIFICATE_REVOKED',
    `signed at ${signingTime.toISOString()}, but the ${NAMES[target.kind]} is revoked from ${from.toISOString()} on (${reason})`,
  );
}

/**
 * Nobody has revoked the key that signed without a certificate, from a date on before which it did.
 *
 * @param signingTimes all that are known; without any the signature was not shown to be earlier
 * @throws VerificationError KEY_REVOKED
 */
export function assertKeyNotRevoked(
  list: RevocationList,
  { keyId }: PublicKey,
  signingTimes: readonly Date[],
): void {
  const latest = signingTimes.reduce<Date | undefined>(
    (last, at) => (last === undefined || at > last ? at : last),
    undefined,
  );
  const revocation = findKeyRevocation(list, keyId, latest);
  if (revocation === undefined) return;
  const when =
    latest === undefined ? 'nobody vouches for when it was made' : `signed at ${latest.toISOString()}`;
  throw new VerificationError(
    'KEY_REVOKED',
    `${when}, but the key sha256:${encodeHex(keyId)} is revoked from ${revocation.from.toISOString()} on (${revocation.reason})`,
  );
}

const NAMES = {
  serial: 'certificate',
  key: 'key',
  identity: 'identity',
  authority: 'certificate authority',
} as const;
