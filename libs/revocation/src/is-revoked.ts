import { equalBytes } from '@sigstead/encoding';
import type { Revocation, RevocationList, RevocationTarget } from './revocation.ts';

/** A signature, by the certificate it was made with and the time it was made at. */
export interface SignerFacts {
  /** Unsigned big-endian; leading zeros do not count. */
  readonly serialNumber: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo in the certificate. */
  readonly keyHash: Uint8Array;
  /** Values of all subject alternative names. */
  readonly identities: readonly string[];
  /** What the certificate names as issuer of the identity token. */
  readonly issuer: string | undefined;
  /** SHA-256 of the SubjectPublicKeyInfo of the CA that issued the certificate, from the verified chain. */
  readonly authorityKeyId: Uint8Array;
  /** From evidence that the signer and the CA cannot forge: a log's or a timestamp authority's word. */
  readonly signingTime: Date;
}

/** Whether the signature does not count, see {@link findRevocation}. */
export function isRevoked(list: RevocationList, facts: SignerFacts): boolean {
  return findRevocation(list, facts) !== undefined;
}

/** The first revocation that is about this certificate, unless the signature was made before it began. */
export function findRevocation(list: RevocationList, facts: SignerFacts): Revocation | undefined {
  return list.revocations.find(
    ({ target, from }) => !isBefore(facts.signingTime, from) && isTarget(target, facts),
  );
}

/**
 * The first revocation of a key that signs without a certificate.
 *
 * @param signingTime undefined when nobody vouches for one: then it was not shown to be earlier
 */
export function findKeyRevocation(
  list: RevocationList,
  keyHash: Uint8Array,
  signingTime: Date | undefined,
): Revocation | undefined {
  return list.revocations.find(
    ({ target, from }) =>
      target.kind === 'key' &&
      equalBytes(target.keyHash, keyHash) &&
      (signingTime === undefined || !isBefore(signingTime, from)),
  );
}

/** False for a time that is none: then the signature was not shown to be earlier. */
function isBefore(time: Date, from: Date): boolean {
  return time.getTime() < from.getTime();
}

function isTarget(target: RevocationTarget, facts: SignerFacts): boolean {
  switch (target.kind) {
    case 'serial':
      return (
        equalBytes(target.serialNumber, withoutLeadingZeros(facts.serialNumber)) &&
        equalBytes(target.authorityKeyId, facts.authorityKeyId)
      );
    case 'key':
      return equalBytes(target.keyHash, facts.keyHash);
    case 'identity':
      return (
        facts.identities.includes(target.identity) &&
        (target.issuer === undefined || target.issuer === facts.issuer)
      );
    case 'authority':
      return equalBytes(target.authorityKeyId, facts.authorityKeyId);
  }
}

function withoutLeadingZeros(number: Uint8Array): Uint8Array {
  const first = number.findIndex((octet) => octet !== 0);
  return first < 0 ? number : number.subarray(first);
}
