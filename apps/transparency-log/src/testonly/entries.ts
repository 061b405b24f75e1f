import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodeUtf8, type JsonObject } from '@sigstead/encoding';

const signer = PrivateKeySigner.generate('P-256');

/** A valid hashedrekord over the SHA-256 of a text, by one P-256 key. */
export async function hashedRekord(artifact: string): Promise<JsonObject> {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: encodeHex(sha256(encodeUtf8(artifact))) } },
      signature: {
        content: encodeBase64(await signer.sign(encodeUtf8(artifact))),
        publicKey: { content: encodeBase64(encodeUtf8(signer.publicKey.toPem())) },
      },
    },
  };
}
