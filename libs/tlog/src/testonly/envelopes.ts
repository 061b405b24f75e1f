import { type Signer } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { preAuthEncoding } from '../dsse-envelope.ts';

export const IN_TOTO = 'application/vnd.in-toto+json';

export const STATEMENT = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'a', digest: { sha256: 'AA'.repeat(32), sha512: 'bb'.repeat(64) } }],
  predicateType: 'https://slsa.dev/provenance/v0.2',
  predicate: { materials: [{ uri: 'git+https://example.com', digest: { sha1: 'cc'.repeat(20) } }] },
});

export interface EnvelopeParts {
  readonly payload?: string;
  readonly payloadType?: string;
  readonly keyIds?: readonly string[];
}

export interface EnvelopeJson {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly sig: string; readonly keyid?: string }[];
}

/** An envelope truly signed by each of the signers. */
export async function signEnvelope(
  signers: readonly Signer[],
  { payload = STATEMENT, payloadType = IN_TOTO, keyIds = [] }: EnvelopeParts = {},
): Promise<EnvelopeJson> {
  const bytes = encodeUtf8(payload);
  const message = preAuthEncoding(payloadType, bytes);
  const signatures = await Promise.all(
    signers.map(async (signer, i) => {
      const keyId = keyIds[i];
      return {
        sig: encodeBase64(await signer.sign(message)),
        ...(keyId === undefined ? {} : { keyid: keyId }),
      };
    }),
  );
  return { payloadType, payload: encodeBase64(bytes), signatures };
}

export function base64Of(text: string): string {
  return encodeBase64(encodeUtf8(text));
}

/** A dsse spec as clients send it. */
export function dsseSpec(envelope: EnvelopeJson | string, pems: readonly string[]): JsonObject {
  return {
    proposedContent: {
      envelope: typeof envelope === 'string' ? envelope : JSON.stringify(envelope),
      verifiers: pems.map(base64Of),
    },
  };
}

/** An intoto 0.0.1 spec as clients send it. */
export function intotoV001Spec(envelope: EnvelopeJson, pem: string): JsonObject {
  return { content: { envelope: JSON.stringify(envelope) }, publicKey: base64Of(pem) };
}

/** An intoto 0.0.2 spec as clients send it: base64 of base64. */
export function intotoV002Spec(envelope: EnvelopeJson, pems: readonly string[]): JsonObject {
  return {
    content: {
      envelope: {
        payloadType: envelope.payloadType,
        payload: base64Of(envelope.payload),
        signatures: envelope.signatures.map(({ sig, keyid }, i) => ({
          sig: base64Of(sig),
          publicKey: base64Of(pems[i] as string),
          ...(keyid === undefined ? {} : { keyid }),
        })),
      },
      hash: { algorithm: 'sha256', value: 'ab'.repeat(32) },
    },
  };
}
