import { canonicalizeJson, encodeBase64, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { assertVerifiersAllowed, type EntryPolicy } from './entry-policy.ts';
import { type EntryType, type LogEntry } from './entry-type.ts';
import { MAX_ENVELOPE_SIGNATURES, parseDsseEnvelope, type DsseEnvelope } from './dsse-envelope.ts';
import { matchSignatures, type MatchedSignature } from './envelope-signatures.ts';
import { TlogError } from './errors.ts';
import { statementDigests } from './in-toto-statement.ts';
import { certificateIndexKeys, normalizeIndexKeys, verifierDigest } from './index-keys.ts';
import { readSha256, sha256Of, type SpecHash } from './spec-hash.ts';
import { SpecReader } from './spec-reader.ts';
import {
  decodeVerifierPem,
  MAX_VERIFIER_LENGTH,
  parseUncheckedVerifier,
  type X509Verifier,
} from './x509-verifier.ts';

const KIND = 'dsse';
const VERSION = '0.0.1';
const MAX_SIGNATURE_LENGTH = 4096;

/** What the log stores of an envelope: its digests, and who signed it. */
interface DsseContent {
  readonly envelopeHash: SpecHash;
  readonly payloadHash: SpecHash;
  /** In the order of their text. */
  readonly signatures: readonly DsseSignature[];
}

interface DsseSignature {
  /** Base64 as it stands in the envelope. */
  readonly text: string;
  readonly verifier: X509Verifier;
}

/**
 * dsse 0.0.1: an envelope with the keys or certificates of its signatures. The envelope itself is not stored.
 *
 * @see rekor pkg/types/dsse/v0.0.1
 */
export const dsseType: EntryType = {
  kind: KIND,
  apiVersion: VERSION,
  parse(spec) {
    const root = SpecReader.of(spec);
    const proposed = root.optionalObject('proposedContent');
    const stored = ['envelopeHash', 'payloadHash', 'signatures'].filter((name) => root.has(name));
    if (proposed === undefined) return new StoredDsse(readStored(root, stored.length));
    if (stored.length > 0) {
      throw new TlogError(
        'SPEC',
        'either proposedContent or envelopeHash, payloadHash, and signatures must be present but not both',
        { field: stored[0] as string },
      );
    }
    return new ProposedDsse(proposed);
  },
};

/** As it is sent: everything else follows from the envelope and its keys. */
class ProposedDsse implements LogEntry {
  readonly kind = KIND;
  readonly apiVersion = VERSION;
  readonly attestation = undefined;
  readonly #text: string;
  readonly #envelope: DsseEnvelope;
  readonly #verifiers: readonly X509Verifier[];
  #matched: readonly MatchedSignature[] | undefined;

  constructor(proposed: SpecReader) {
    this.#text = proposed.text('envelope', Number.MAX_SAFE_INTEGER);
    const field = proposed.at('verifiers');
    this.#verifiers = proposed
      .byteList('verifiers', { min: 1, max: MAX_ENVELOPE_SIGNATURES }, MAX_VERIFIER_LENGTH)
      .map((pem, i) => parseUncheckedVerifier(decodeVerifierPem(pem, `${field}.${i}`), `${field}.${i}`));
    this.#envelope = parseDsseEnvelope(this.#text, proposed.at('envelope'));
  }

  verify(policy?: EntryPolicy): void {
    const matched = this.#match();
    assertVerifiersAllowed(
      matched.map(({ verifier }) => verifier),
      policy,
    );
  }

  assertInsertable(): void {
    // It has its content.
  }

  canonicalBody(): Uint8Array {
    return canonicalDsse(this.#content());
  }

  indexKeys(): string[] {
    const { payloadType, payload } = this.#envelope;
    return normalizeIndexKeys([...contentKeys(this.#content()), ...statementDigests(payloadType, payload)]);
  }

  #match(): readonly MatchedSignature[] {
    return (this.#matched ??= matchSignatures(this.#envelope, this.#verifiers));
  }

  #content(): DsseContent {
    const signatures = this.#match().map(({ signature, verifier }) => ({ text: signature.text, verifier }));
    return {
      envelopeHash: sha256Of(encodeUtf8(this.#text)),
      payloadHash: sha256Of(this.#envelope.payload),
      signatures: sortSignatures(signatures),
    };
  }
}

/** As the log has it: enough to find the entry again, not to make it. */
class StoredDsse implements LogEntry {
  readonly kind = KIND;
  readonly apiVersion = VERSION;
  readonly attestation = undefined;
  readonly #content: DsseContent;

  constructor(content: DsseContent) {
    this.#content = content;
  }

  verify(): void {
    // The signatures are over an envelope that is not here.
  }

  assertInsertable(): void {
    throw new TlogError('NOT_INSERTABLE', 'entry not insertable into log: missing proposed content');
  }

  canonicalBody(): Uint8Array {
    return canonicalDsse(this.#content);
  }

  indexKeys(): string[] {
    return normalizeIndexKeys(contentKeys(this.#content));
  }
}

function readStored(root: SpecReader, present: number): DsseContent {
  if (present < 3) {
    throw new TlogError(
      'SPEC',
      'either proposedContent or envelopeHash, payloadHash, and signatures must be present',
      { field: 'proposedContent' },
    );
  }
  return {
    envelopeHash: readSha256(root.object('envelopeHash')),
    payloadHash: readSha256(root.object('payloadHash')),
    signatures: sortSignatures(
      root.objectList('signatures', { min: 1, max: MAX_ENVELOPE_SIGNATURES }).map(readSignature),
    ),
  };
}

function readSignature(reader: SpecReader): DsseSignature {
  const text = reader.text('signature', MAX_SIGNATURE_LENGTH);
  const field = reader.at('verifier');
  const pem = reader.bytes('verifier', MAX_VERIFIER_LENGTH);
  return { text, verifier: parseUncheckedVerifier(decodeVerifierPem(pem, field), field) };
}

/** Base64 is ASCII, so code units order it as bytes do. */
function sortSignatures(signatures: readonly DsseSignature[]): DsseSignature[] {
  return [...signatures].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}

function canonicalDsse(content: DsseContent): Uint8Array {
  const spec: JsonValue = {
    envelopeHash: { ...content.envelopeHash },
    payloadHash: { ...content.payloadHash },
    signatures: content.signatures.map(({ text, verifier }) => ({
      signature: text,
      verifier: encodeBase64(encodeUtf8(verifier.canonicalPem)),
    })),
  };
  return encodeUtf8(canonicalizeJson({ apiVersion: VERSION, kind: KIND, spec }));
}

function contentKeys({ signatures, payloadHash, envelopeHash }: DsseContent): string[] {
  return [
    ...signatures.flatMap(({ verifier }) => [
      `sha256:${verifierDigest(verifier)}`,
      ...certificateIndexKeys(verifier),
    ]),
    `${payloadHash.algorithm}:${payloadHash.value}`,
    `${envelopeHash.algorithm}:${envelopeHash.value}`,
  ];
}
