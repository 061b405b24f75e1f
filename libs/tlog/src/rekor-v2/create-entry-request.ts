import { type JsonValue } from '@sigstead/encoding';
import { MAX_KEY_ID_LENGTH, MAX_PAYLOAD_TYPE_LENGTH } from '../dsse-envelope.ts';
import { TlogError } from '../errors.ts';
import { KEY_DETAILS_NUMBERS } from './key-details-names.ts';
import { RequestMessage } from './request-message.ts';

/** A key or certificate as a request has it; only its shape has been looked at. */
export interface RequestVerifier {
  readonly form: 'publicKey' | 'x509Certificate';
  /** DER. */
  readonly rawBytes: Uint8Array;
  /** One of {@link KEY_DETAILS_NUMBERS}. */
  readonly keyDetails: string;
  /** Dotted path in the request. */
  readonly path: string;
}

/** Fields of a signature over a digest. */
export interface HashedRekordRequest {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: RequestVerifier;
}

/** A DSSE envelope with its only signature. */
export interface DsseRequest {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: RequestVerifier;
}

/** The members of CreateEntryRequest's oneof. */
export const REQUEST_KINDS = { hashedRekordRequestV002: 'hashedrekord', dsseRequestV002: 'dsse' } as const;
export type RequestKind = (typeof REQUEST_KINDS)[keyof typeof REQUEST_KINDS];

/** RSA with 16384 bits would need 2048; no scheme admitted here comes near. */
const MAX_SIGNATURE_SIZE = 2048;
const MAX_DIGEST_SIZE = 64;
/** What certificates may have, see `Certificate.parse`. */
const MAX_VERIFIER_SIZE = 64 * 1024;

/** What a request asks to log: its kind, and the message that says the rest. */
export interface RequestSpec {
  readonly kind: RequestKind;
  readonly message: RequestMessage;
}

const FIELDS = {
  hashedrekord: ['signature', 'digest'],
  dsse: ['envelope', 'verifiers'],
} as const;

/**
 * The frame of CreateEntryRequest (rekor_service.proto); undefined when it names nothing to log, as an empty body does.
 *
 * @throws TlogError SPEC
 */
export function readRequestSpec(value: JsonValue): RequestSpec | undefined {
  const names = Object.keys(REQUEST_KINDS) as (keyof typeof REQUEST_KINDS)[];
  const request = new RequestMessage(value, '', names);
  const name = request.oneOf(names);
  if (name === undefined) return undefined;
  const kind = REQUEST_KINDS[name];
  return { kind, message: request.requiredMessage(name, FIELDS[kind]) };
}

/**
 * HashedRekordRequestV002 (hashedrekord.proto).
 *
 * @throws TlogError SPEC
 */
export function readHashedRekordRequest(message: RequestMessage): HashedRekordRequest {
  const signature = message.requiredMessage('signature', ['content', 'verifier']);
  const content = signature.requiredBytes('content', MAX_SIGNATURE_SIZE);
  const verifier = readVerifier(signature.requiredMessage('verifier', VERIFIER_FIELDS));
  const digest = message.requiredBytes('digest', MAX_DIGEST_SIZE);
  return { digest, signature: content, verifier };
}

/**
 * DSSERequestV002 (dsse.proto) of one signature and one verifier: what can be logged as a hashedrekord. Key IDs count for nothing.
 *
 * @throws TlogError SPEC
 */
export function readDsseRequest(message: RequestMessage): DsseRequest {
  const envelope = message.requiredMessage('envelope', ['payload', 'payloadType', 'signatures']);
  const verifier = readVerifier(message.onlyMessage('verifiers', VERIFIER_FIELDS));
  const signature = envelope.onlyMessage('signatures', ['sig', 'keyid']);
  signature.text('keyid', MAX_KEY_ID_LENGTH);
  return {
    payloadType: envelope.requiredText('payloadType', MAX_PAYLOAD_TYPE_LENGTH),
    // The body as a whole bounds it.
    payload: envelope.bytes('payload', Infinity),
    signature: signature.requiredBytes('sig', MAX_SIGNATURE_SIZE),
    verifier,
  };
}

const VERIFIER_FORMS = ['publicKey', 'x509Certificate'] as const;
const VERIFIER_FIELDS = [...VERIFIER_FORMS, 'keyDetails'] as const;

/** Verifier (verifier.proto). */
function readVerifier(message: RequestMessage): RequestVerifier {
  const form = message.oneOf(VERIFIER_FORMS);
  if (form === undefined) {
    throw new TlogError('SPEC', `${message.path} has neither publicKey nor x509Certificate`, {
      field: message.path,
    });
  }
  const rawBytes = message.requiredMessage(form, ['rawBytes']).requiredBytes('rawBytes', MAX_VERIFIER_SIZE);
  const keyDetails = message.requiredEnum('keyDetails', KEY_DETAILS_NUMBERS);
  return { form, rawBytes, keyDetails, path: message.path };
}
