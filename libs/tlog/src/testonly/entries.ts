import { digest, type HashAlgorithm, type Signer } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8, type JsonObject } from '@sigstead/encoding';

export const ARTIFACT = encodeUtf8('an artifact');

export interface SpecParts {
  readonly algorithm: string;
  readonly value: string;
  readonly signature: Uint8Array;
  readonly pem: string;
}

/** A hashedrekord spec as clients send it. */
export function specOf({ algorithm, value, signature, pem }: SpecParts): JsonObject {
  return {
    data: { hash: { algorithm, value } },
    signature: {
      content: encodeBase64(signature),
      publicKey: { content: encodeBase64(encodeUtf8(pem)) },
    },
  };
}

/** The parts of a sound entry by the signer over {@link ARTIFACT}. */
export async function signedParts(signer: Signer, pem = signer.publicKey.toPem()): Promise<SpecParts> {
  const algorithm: HashAlgorithm = signer.hash;
  return {
    algorithm,
    value: encodeHex(digest(algorithm, ARTIFACT)),
    signature: await signer.sign(ARTIFACT),
    pem,
  };
}

export function entryJson(spec: JsonObject): JsonObject {
  return { apiVersion: '0.0.1', kind: 'hashedrekord', spec };
}
