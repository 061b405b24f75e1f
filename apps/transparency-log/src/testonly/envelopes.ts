import type { Signer } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { preAuthEncoding } from '@sigstead/tlog';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly sig: string }[];
}

export async function signEnvelope(payload: string, ...signers: readonly Signer[]): Promise<Envelope> {
  const message = preAuthEncoding(PAYLOAD_TYPE, encodeUtf8(payload));
  return {
    payloadType: PAYLOAD_TYPE,
    payload: base64Of(payload),
    signatures: await Promise.all(
      signers.map(async (signer) => ({ sig: encodeBase64(await signer.sign(message)) })),
    ),
  };
}

export function dsse(envelope: Envelope, ...pems: readonly string[]): JsonObject {
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: { proposedContent: { envelope: JSON.stringify(envelope), verifiers: pems.map(base64Of) } },
  };
}

export function intotoV001(envelope: Envelope, pem: string): JsonObject {
  return {
    apiVersion: '0.0.1',
    kind: 'intoto',
    spec: { content: { envelope: JSON.stringify(envelope) }, publicKey: base64Of(pem) },
  };
}

export function intotoV002(
  { payloadType, payload, signatures }: Envelope,
  ...pems: readonly string[]
): JsonObject {
  const keyed = signatures.map(({ sig }, i) => ({ sig: base64Of(sig), publicKey: base64Of(pems[i] ?? '') }));
  return {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: {
      content: {
        envelope: { payloadType, payload: base64Of(payload), signatures: keyed },
        hash: { algorithm: 'sha256', value: 'ab'.repeat(32) },
      },
    },
  };
}

export function base64Of(text: string): string {
  return encodeBase64(encodeUtf8(text));
}
