import {
  encodeBase64,
  encodeHex,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import {
  extractIdentity,
  IMAGE_SIGNATURE_TYPE,
  parseStatement,
  type SignatureEvidence,
  type SignerIdentity,
} from '@sigstead/verification';
import { Certificate } from '@sigstead/x509';

type SimpleSigning = Extract<SignatureEvidence['content'], { kind: 'simple-signing' }>;
type Envelope = Extract<SignatureEvidence['content'], { kind: 'dsse' }>;

/** How cosign names the image a bundle is about. */
export interface NamedImage {
  readonly name: string;
  readonly digest: string;
}

/**
 * A signature that holds, as `cosign verify -o json` tells it: what was signed, and for the older form who signed it and what proves
 * it.
 *
 * @param evidence whose verification passed: nothing is checked here
 */
export function cosignResult(evidence: SignatureEvidence, image: NamedImage): JsonObject {
  const { content } = evidence;
  switch (content.kind) {
    case 'simple-signing':
      return simpleSigningResult(content, evidence);
    case 'dsse':
      return statementResult(content, image);
    case 'message-digest':
      return cosignDocument(image.name, image.digest, IMAGE_SIGNATURE_TYPE, {});
  }
}

export const SIMPLE_SIGNING_TYPE = 'cosign container image signature';

/** Results of the older form before those of bundles: scripts read who signed from the first, and bundles do not tell. */
export function olderFormFirst(results: readonly JsonObject[]): JsonObject[] {
  const isOlder = ({ critical }: JsonObject) => objectOf(critical)['type'] === SIMPLE_SIGNING_TYPE;
  return [...results.filter(isOlder), ...results.filter((result) => !isOlder(result))];
}

/** The envelope of an attestation, as cosign prints it: as it was found, or in the order of the protocol's fields. */
export function envelopeText({ content, signature }: SignatureEvidence): string {
  if (content.kind !== 'dsse') return '';
  if (content.envelope !== undefined) return new TextDecoder().decode(content.envelope);
  const { payload, payloadType, keyId } = content;
  return JSON.stringify({
    payload: encodeBase64(payload),
    payloadType,
    signatures: [{ sig: encodeBase64(signature), ...(keyId === '' ? {} : { keyid: keyId }) }],
  });
}

const MAX_PAYLOAD_BYTES = 256 * 1024;

function simpleSigningResult({ payload }: SimpleSigning, evidence: SignatureEvidence): JsonObject {
  const json = objectOf(parseJson(payload, { maxBytes: MAX_PAYLOAD_BYTES, maxDepth: 16 }));
  const critical = objectOf(json['critical']);
  const added: JsonObject = { ...signerFields(evidence), ...proofFields(evidence) };
  const own = json['optional'];
  const optional = isJsonObject(own) || Object.keys(added).length > 0 ? { ...objectOf(own), ...added } : null;
  return cosignDocument(
    objectOf(critical['identity'])['docker-reference'] ?? '',
    objectOf(critical['image'])['docker-manifest-digest'] ?? '',
    critical['type'] ?? '',
    optional,
  );
}

function statementResult({ payloadType, payload }: Envelope, { name, digest }: NamedImage): JsonObject {
  const { predicateType, subjects } = parseStatement(payloadType, payload);
  const subject = subjects.find(({ digests }) => `sha256:${digests['sha256']?.toLowerCase()}` === digest);
  return cosignDocument(name, digest, predicateType, { ...subject?.annotations });
}

/** The document itself, in the order of its fields. */
export function cosignDocument(
  reference: JsonValue,
  digest: JsonValue,
  type: JsonValue,
  optional: JsonObject | null,
): JsonObject {
  return {
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type,
    },
    optional: optional === null ? null : sorted(optional),
  };
}

const EXTENSIONS = [
  ['2', 'githubWorkflowTrigger'],
  ['3', 'githubWorkflowSha'],
  ['4', 'githubWorkflowName'],
  ['5', 'githubWorkflowRepository'],
  ['6', 'githubWorkflowRef'],
] as const;
const FULCIO_ARC = '1.3.6.1.4.1.57264.1';

function signerFields({ key }: SignatureEvidence): JsonObject {
  if (key.kind !== 'certificate') return {};
  return identityFields(extractIdentity(Certificate.parse(key.certificate)));
}

/** Who signed, in the words of cosign: each extension by its name and by its number. */
export function identityFields({ identity, issuer, claims }: SignerIdentity): JsonObject {
  const fields: JsonObject = { Subject: identity, Issuer: issuer, [`${FULCIO_ARC}.1`]: issuer };
  for (const [number, name] of EXTENSIONS) {
    const value = claims[name];
    if (value === undefined || value === '') continue;
    fields[name] = value;
    fields[`${FULCIO_ARC}.${number}`] = value;
  }
  return fields;
}

function proofFields({ logEntries, timestamps }: SignatureEvidence): JsonObject {
  const [entry] = logEntries;
  const [timestamp] = timestamps;
  return {
    ...(entry?.inclusionPromise && {
      Bundle: {
        SignedEntryTimestamp: encodeBase64(entry.inclusionPromise),
        Payload: {
          body: encodeBase64(entry.canonicalizedBody),
          integratedTime: Number(entry.integratedTimeSeconds),
          logIndex: Number(entry.logIndex),
          logID: encodeHex(entry.logId),
        },
      },
    }),
    ...(timestamp && { RFC3161Timestamp: { SignedRFC3161Timestamp: encodeBase64(timestamp) } }),
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** As Go writes a map. */
function sorted(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
