import { PrivateKeySigner, sha256, type Signer } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { preAuthEncoding } from '@sigstead/tlog';

export const requestSigner = PrivateKeySigner.generate('P-256');

/** A valid request to log a P-256 signature over the SHA-256 of a text. */
export async function hashedRekordRequest(
  artifact: string,
  signer: Signer = requestSigner,
): Promise<JsonObject> {
  const message = encodeUtf8(artifact);
  return {
    hashedRekordRequestV002: {
      digest: encodeBase64(sha256(message)),
      signature: { content: encodeBase64(await signer.sign(message)), verifier: verifierOf(signer) },
    },
  };
}

/** A valid request to log an envelope around a text, as older clients send it. */
export async function dsseRequest(payload: string, signer: Signer = requestSigner): Promise<JsonObject> {
  const [payloadType, bytes] = ['text/plain', encodeUtf8(payload)];
  const sig = encodeBase64(await signer.sign(preAuthEncoding(payloadType, bytes)));
  return {
    dsseRequestV002: {
      envelope: { payload: encodeBase64(bytes), payloadType, signatures: [{ sig, keyid: '' }] },
      verifiers: [verifierOf(signer)],
    },
  };
}

function verifierOf({ publicKey }: Signer): JsonObject {
  return {
    publicKey: { rawBytes: encodeBase64(publicKey.spki) },
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
  };
}
