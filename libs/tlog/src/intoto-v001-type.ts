import { canonicalizeJson, encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { parseDsseEnvelope, preAuthEncoding, type DsseEnvelope } from './dsse-envelope.ts';
import { assertVerifiersAllowed, type EntryPolicy } from './entry-policy.ts';
import { type EntryType, type LogEntry } from './entry-type.ts';
import { TlogError } from './errors.ts';
import { statementDigests } from './in-toto-statement.ts';
import { certificateIndexKeys, normalizeIndexKeys, verifierDigest } from './index-keys.ts';
import { INTOTO_KIND } from './intoto.ts';
import { isMessageSigned } from './message-signature.ts';
import { readSha256, sha256Of, type SpecHash } from './spec-hash.ts';
import { SpecReader } from './spec-reader.ts';
import { sshFingerprint } from './ssh-fingerprint.ts';
import {
  decodeVerifierPem,
  MAX_VERIFIER_LENGTH,
  parseUncheckedVerifier,
  type X509Verifier,
} from './x509-verifier.ts';

const VERSION = '0.0.1';

/**
 * intoto 0.0.1: an envelope as text with one key, which must have made at least one of its signatures. The digests are the
 * log's own; what a client says of them beside an envelope is ignored. The payload may be kept as attestation.
 *
 * @see rekor pkg/types/intoto/v0.0.1
 */
export const intotoV001Type: EntryType = {
  kind: INTOTO_KIND,
  apiVersion: VERSION,
  parse(spec) {
    const root = SpecReader.of(spec);
    const content = root.object('content');
    const pem = root.bytes('publicKey', MAX_VERIFIER_LENGTH);
    const verifier = parseUncheckedVerifier(decodeVerifierPem(pem, 'publicKey'), 'publicKey');
    const text = content.optionalText('envelope', Number.MAX_SAFE_INTEGER);
    if (text === undefined) {
      return new IntotoV001(
        verifier,
        readSha256(content.object('hash')),
        readSha256(content.object('payloadHash')),
        undefined,
      );
    }
    const envelope = parseDsseEnvelope(text, content.at('envelope'));
    return new IntotoV001(verifier, sha256Of(encodeUtf8(text)), sha256Of(envelope.payload), envelope);
  },
};

class IntotoV001 implements LogEntry {
  readonly kind = INTOTO_KIND;
  readonly apiVersion = VERSION;
  readonly #verifier: X509Verifier;
  readonly #hash: SpecHash;
  readonly #payloadHash: SpecHash;
  /** Absent in the form the log stores. */
  readonly #envelope: DsseEnvelope | undefined;

  constructor(
    verifier: X509Verifier,
    hash: SpecHash,
    payloadHash: SpecHash,
    envelope: DsseEnvelope | undefined,
  ) {
    this.#verifier = verifier;
    this.#hash = hash;
    this.#payloadHash = payloadHash;
    this.#envelope = envelope;
  }

  get attestation(): Uint8Array | undefined {
    return this.#envelope?.payload;
  }

  verify(policy?: EntryPolicy): void {
    if (this.#envelope !== undefined) assertSignedBy(this.#envelope, this.#verifier);
    assertVerifiersAllowed([this.#verifier], policy);
  }

  assertInsertable(): void {
    if (this.#envelope === undefined) {
      throw new TlogError('NOT_INSERTABLE', 'entry not insertable into log: missing envelope content');
    }
    if (this.#envelope.payload.length === 0) {
      throw new TlogError('NOT_INSERTABLE', 'entry not insertable into log: invalid DSSE envelope');
    }
  }

  canonicalBody(): Uint8Array {
    return encodeUtf8(
      canonicalizeJson({
        apiVersion: VERSION,
        kind: INTOTO_KIND,
        spec: {
          content: { hash: { ...this.#hash }, payloadHash: { ...this.#payloadHash } },
          publicKey: encodeBase64(encodeUtf8(this.#verifier.canonicalPem)),
        },
      }),
    );
  }

  indexKeys(): string[] {
    const envelope = this.#envelope;
    return normalizeIndexKeys([
      `${this.#hash.algorithm}:${this.#hash.value}`,
      `sha256:${verifierDigest(this.#verifier)}`,
      ...certificateIndexKeys(this.#verifier),
      `${this.#payloadHash.algorithm}:${this.#payloadHash.value}`,
      ...(envelope === undefined ? [] : statementDigests(envelope.payloadType, envelope.payload)),
    ]);
  }
}

/** Only here a key ID matters: one that is there must be the key's SSH fingerprint, or its signature is passed over. */
function assertSignedBy(envelope: DsseEnvelope, { publicKey }: X509Verifier): void {
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  const keyId = sshFingerprint(publicKey);
  const signed = envelope.signatures
    .filter((signature) => signature.keyId === undefined || signature.keyId === keyId)
    .some((signature) => isMessageSigned(publicKey, message, signature.bytes));
  if (signed) return;
  throw new TlogError('SIGNATURE', 'could not verify envelope: no signature is by the key', {
    field: 'content.envelope',
  });
}
