import { digest, type HashAlgorithm, keyDetailsOf, type Signer } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { type Certificate } from '@sigstead/x509';
import { preAuthEncoding } from '../dsse-envelope.ts';
import { ARTIFACT } from './entries.ts';
import { IN_TOTO, STATEMENT } from './envelopes.ts';

export interface V2Parts {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: JsonObject;
}

/** Verifier in JSON, as clients send it. */
export function verifierOf(signer: Signer, certificate?: Certificate): JsonObject {
  const key: JsonObject =
    certificate === undefined
      ? { publicKey: { rawBytes: encodeBase64(signer.publicKey.spki) } }
      : { x509Certificate: { rawBytes: encodeBase64(certificate.raw) } };
  return { ...key, keyDetails: keyDetailsOf(signer.publicKey) };
}

/** The parts of a sound request by the signer over {@link ARTIFACT}. */
export async function v2Parts(signer: Signer, certificate?: Certificate): Promise<V2Parts> {
  const algorithm: HashAlgorithm = signer.hash;
  return {
    digest: digest(algorithm, ARTIFACT),
    signature: await signer.sign(ARTIFACT),
    verifier: verifierOf(signer, certificate),
  };
}

export function hashedRekordRequest({ digest: bytes, signature, verifier }: V2Parts): JsonObject {
  return {
    hashedRekordRequestV002: {
      digest: encodeBase64(bytes),
      signature: { content: encodeBase64(signature), verifier },
    },
  };
}

/** A sound envelope with its one signature and verifier. */
export async function dsseRequest(
  signer: Signer,
  verifier: JsonObject = verifierOf(signer),
  { payload = STATEMENT, payloadType = IN_TOTO }: { payload?: string; payloadType?: string } = {},
): Promise<JsonObject> {
  const signature = await signer.sign(preAuthEncoding(payloadType, encodeUtf8(payload)));
  return {
    dsseRequestV002: {
      envelope: {
        payload: encodeBase64(encodeUtf8(payload)),
        payloadType,
        signatures: [{ sig: encodeBase64(signature), keyid: '' }],
      },
      verifiers: [verifier],
    },
  };
}
