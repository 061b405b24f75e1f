import {
  concatBytes,
  decodeBase64,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  EncodingError,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { defaultHash, verifyMessage, type PublicKey, type Signer } from '@sigstead/crypto';
import { RevocationError } from './errors.ts';
import { encodePayload, parsePayload } from './payload.ts';
import { MAX_PAYLOAD_BYTES, type RevocationList } from './revocation.ts';

export const REVOCATIONS_PAYLOAD_TYPE = 'application/vnd.sigstead.revocations.v1+json';

/** Base64 takes a third more than the payload; the rest is small. */
const MAX_ENVELOPE_BYTES = Math.ceil((MAX_PAYLOAD_BYTES * 4) / 3) + 4_096;
const MAX_DEPTH = 3;

/**
 * The list in a DSSE envelope (DSSE 1.0, JSON form) with one signature.
 *
 * @param signer the key for revocations, which is no CA's
 * @throws RevocationError LIMIT, FIELD, VALIDITY when the list is not one that readers take
 */
export async function signRevocationList(list: RevocationList, signer: Signer): Promise<Uint8Array> {
  const payload = encodePayload(list);
  const signature = await signer.sign(preAuthenticationEncoding(payload));
  return encodeUtf8(
    JSON.stringify({
      payload: encodeBase64(payload),
      payloadType: REVOCATIONS_PAYLOAD_TYPE,
      signatures: [{ keyid: encodeHex(signer.publicKey.keyId), sig: encodeBase64(signature) }],
    }),
  );
}

/**
 * Opens a signed list: signature first, then what it says. Whether it is fresh is another question: see `assertFresh`.
 *
 * @param envelope at most 22 MiB
 * @throws RevocationError LIMIT, JSON, UNKNOWN_FIELD, MISSING_FIELD, FIELD, PAYLOAD_TYPE, KEY_ID, SIGNATURE, VERSION, VALIDITY
 */
export function openRevocationList(envelope: Uint8Array, publicKey: PublicKey): RevocationList {
  const { payload, payloadType, keyId, signature } = parseEnvelope(envelope);
  if (payloadType !== REVOCATIONS_PAYLOAD_TYPE) {
    throw new RevocationError(
      'PAYLOAD_TYPE',
      `payload of type ${JSON.stringify(payloadType.slice(0, 100))}, want ${REVOCATIONS_PAYLOAD_TYPE}`,
    );
  }
  const want = encodeHex(publicKey.keyId);
  if (keyId !== want) {
    throw new RevocationError(
      'KEY_ID',
      `list is signed by key ${JSON.stringify(keyId.slice(0, 64))}, want ${want}`,
    );
  }
  const signed = preAuthenticationEncoding(payload);
  if (!verifyMessage(publicKey, defaultHash(publicKey.type), signed, signature))
    throw new RevocationError('SIGNATURE', 'signature of the list does not verify');
  return parsePayload(payload);
}

/** PAE of DSSE: the type is signed with the payload, so that one cannot pass for another. */
function preAuthenticationEncoding(payload: Uint8Array): Uint8Array {
  const header = `DSSEv1 ${REVOCATIONS_PAYLOAD_TYPE.length} ${REVOCATIONS_PAYLOAD_TYPE} ${payload.length} `;
  return concatBytes(encodeUtf8(header), payload);
}

interface Envelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

function parseEnvelope(envelope: Uint8Array): Envelope {
  try {
    const fields = exactly(
      parseJson(envelope, { maxBytes: MAX_ENVELOPE_BYTES, maxDepth: MAX_DEPTH }),
      'envelope',
      ['payload', 'payloadType', 'signatures'],
    );
    const { signatures } = fields;
    if (!Array.isArray(signatures) || signatures.length !== 1)
      throw new RevocationError('FIELD', 'envelope.signatures is not a list of exactly one');
    const only = exactly(signatures[0] as JsonValue, 'envelope.signatures[0]', ['keyid', 'sig']);
    return {
      payload: decodeBase64(text(fields, 'payload')),
      payloadType: text(fields, 'payloadType'),
      keyId: text(only, 'keyid'),
      signature: decodeBase64(text(only, 'sig')),
    };
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    const code = cause.code === 'LIMIT' ? 'LIMIT' : cause.code === 'BASE64' ? 'FIELD' : 'JSON';
    throw new RevocationError(code, `envelope: ${cause.message}`, { cause });
  }
}

function exactly(value: JsonValue, where: string, names: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw new RevocationError('FIELD', `${where} is not an object`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new RevocationError(
      'UNKNOWN_FIELD',
      `${where} has an unknown field ${JSON.stringify(unknown.slice(0, 80))}`,
    );
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new RevocationError('MISSING_FIELD', `${where}.${missing} is missing`);
  return value;
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value === 'string') return value;
  throw new RevocationError('FIELD', `envelope: ${name} is not text`);
}
