import { canonicalizeJson, encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import {
  decodeEnvelopeBase64,
  MAX_ENVELOPE_SIGNATURES,
  MAX_KEY_ID_LENGTH,
  MAX_PAYLOAD_TYPE_LENGTH,
} from './dsse-envelope.ts';
import { assertVerifiersAllowed, type EntryPolicy } from './entry-policy.ts';
import { type EntryType, type LogEntry } from './entry-type.ts';
import { matchSignatures } from './envelope-signatures.ts';
import { TlogError } from './errors.ts';
import { statementDigests } from './in-toto-statement.ts';
import { certificateIndexKeys, normalizeIndexKeys, verifierDigest } from './index-keys.ts';
import { innerText, INTOTO_KIND } from './intoto.ts';
import { readSha256, sha256Of, type SpecHash } from './spec-hash.ts';
import { SpecReader } from './spec-reader.ts';
import {
  decodeVerifierPem,
  MAX_VERIFIER_LENGTH,
  parseUncheckedVerifier,
  type X509Verifier,
} from './x509-verifier.ts';

const VERSION = '0.0.2';
const MAX_SIGNATURE_LENGTH = 8192;

/**
 * intoto 0.0.2: an envelope in fields, each signature with its key. `payload` and `sig` are base64 of the base64 text that DSSE has.
 * The envelope's digest is what the client says; the payload's is the log's own. The payload may be kept as attestation.
 *
 * @see rekor pkg/types/intoto/v0.0.2
 */
export const intotoV002Type: EntryType = {
  kind: INTOTO_KIND,
  apiVersion: VERSION,
  parse(spec) {
    const content = SpecReader.of(spec).object('content');
    const envelope = content.object('envelope');
    const payload = readPayload(envelope);
    return new IntotoV002({
      payloadType: envelope.text('payloadType', MAX_PAYLOAD_TYPE_LENGTH),
      signatures: envelope
        .objectList('signatures', { min: 1, max: MAX_ENVELOPE_SIGNATURES })
        .map(readSignature),
      // Rekor answers 500 to an entry without it; what a client left out is not our failure.
      hash: readSha256(content.object('hash')),
      payloadHash: payload === undefined ? readSha256(content.object('payloadHash')) : sha256Of(payload),
      payload,
    });
  },
};

interface Content {
  readonly payloadType: string;
  readonly signatures: readonly Signature[];
  readonly hash: SpecHash;
  readonly payloadHash: SpecHash;
  /** Absent in the form the log stores. */
  readonly payload: Uint8Array | undefined;
}

interface Signature {
  readonly keyId: string | undefined;
  /** Base64 as DSSE has it. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** PEM as sent: it is stored like that. */
  readonly publicKey: Uint8Array;
  readonly verifier: X509Verifier;
}

class IntotoV002 implements LogEntry {
  readonly kind = INTOTO_KIND;
  readonly apiVersion = VERSION;
  readonly #content: Content;

  constructor(content: Content) {
    this.#content = content;
  }

  get attestation(): Uint8Array | undefined {
    return this.#content.payload;
  }

  verify(policy?: EntryPolicy): void {
    const { payload, payloadType, signatures } = this.#content;
    const verifiers = signatures.map(({ verifier }) => verifier);
    if (payload !== undefined) matchSignatures({ payloadType, payload, signatures }, verifiers);
    assertVerifiersAllowed(verifiers, policy);
  }

  assertInsertable(): void {
    if (this.#content.payload === undefined) {
      throw new TlogError('NOT_INSERTABLE', 'entry not insertable into log: missing envelope content');
    }
  }

  canonicalBody(): Uint8Array {
    const { payloadType, signatures, hash, payloadHash } = this.#content;
    const envelope = {
      payloadType,
      signatures: signatures.map(({ keyId, text, publicKey }) => ({
        ...(keyId === undefined ? {} : { keyid: keyId }),
        publicKey: encodeBase64(publicKey),
        sig: encodeBase64(encodeUtf8(text)),
      })),
    };
    const content = { envelope, hash: { ...hash }, payloadHash: { ...payloadHash } };
    return encodeUtf8(canonicalizeJson({ apiVersion: VERSION, kind: INTOTO_KIND, spec: { content } }));
  }

  indexKeys(): string[] {
    const { payloadType, payload, signatures, payloadHash } = this.#content;
    return normalizeIndexKeys([
      ...signatures.flatMap(({ verifier }) => [
        `sha256:${verifierDigest(verifier)}`,
        ...certificateIndexKeys(verifier),
      ]),
      `${payloadHash.algorithm}:${payloadHash.value}`,
      ...(payload === undefined ? [] : statementDigests(payloadType, payload)),
    ]);
  }
}

function readPayload(envelope: SpecReader): Uint8Array | undefined {
  const encoded = envelope.optionalBytes('payload', Number.MAX_SAFE_INTEGER);
  if (encoded === undefined) return undefined;
  const field = envelope.at('payload');
  return decodeEnvelopeBase64(innerText(encoded, field), field);
}

function readSignature(reader: SpecReader): Signature {
  const field = reader.at('sig');
  const text = innerText(reader.bytes('sig', MAX_SIGNATURE_LENGTH), field);
  const publicKey = reader.bytes('publicKey', MAX_VERIFIER_LENGTH);
  const keyField = reader.at('publicKey');
  return {
    keyId: reader.optionalText('keyid', MAX_KEY_ID_LENGTH),
    text,
    bytes: decodeEnvelopeBase64(text, field),
    publicKey,
    verifier: parseUncheckedVerifier(decodeVerifierPem(publicKey, keyField), keyField),
  };
}
