import { sha256 } from '@sigstead/crypto';
import {
  derBoolean,
  derExplicit,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  encodeUtf8,
} from '@sigstead/encoding';

export const ARTIFACT = encodeUtf8('signature bytes');
export const DIGEST = sha256(ARTIFACT);
export const SHA256_OID = '2.16.840.1.101.3.4.2.1';

/** Parts of a DER request, each DER; what is left out takes the form clients send. */
export interface RequestParts {
  readonly version?: Uint8Array;
  readonly algorithm?: Uint8Array;
  readonly hashedMessage?: Uint8Array;
  /** reqPolicy and what follows. */
  readonly rest?: readonly Uint8Array[];
}

export function encodeRequest(parts: RequestParts = {}): Uint8Array {
  const { version = derInteger(1n), algorithm = derSequence(derOid(SHA256_OID), derNull()) } = parts;
  return derSequence(
    version,
    derSequence(algorithm, derOctetString(parts.hashedMessage ?? DIGEST)),
    ...(parts.rest ?? []),
  );
}

/** `[0] Extensions` with so many extensions. */
export function encodeExtensions(count: number): Uint8Array {
  const extension = derSequence(derOid('1.2.3.4'), derBoolean(true), derOctetString(derNull()));
  return derExplicit(0, ...Array<Uint8Array>(count).fill(extension));
}
