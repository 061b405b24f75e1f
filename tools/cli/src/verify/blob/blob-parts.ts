import { existsSync } from 'node:fs';
import {
  decodeBase64,
  decodeUtf8,
  EncodingError,
  encodeBase64,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '@sigstead/encoding';
import {
  evidenceFromLegacyAttestation,
  evidenceFromLegacySignature,
  type Artifact,
  type ArtifactDigest,
  type SignatureEvidence,
} from '@sigstead/verification';
import { readGivenFile } from '../../read-given-file.ts';

/**
 * What `cosign sign-blob` and `attest-blob` wrote into files of their own, and later into one that is no Sigstore bundle.
 */
export interface BlobParts {
  /** Base64; of an attestation this is the whole envelope. */
  readonly signature: string;
  /** PEM. */
  readonly certificate: string | undefined;
  /** JSON: the log's promise, as a `.sig` layer has it. */
  readonly rekorBundle: string | undefined;
  /** JSON of a timestamp. */
  readonly timestamp: string | undefined;
}

const MAX_BYTES = 1024 * 1024;
const ENVELOPE_LIMITS = { maxBytes: 16 * MAX_BYTES, maxDepth: 8 };

/** `{"base64Signature", "cert", "rekorBundle"}` (cosign, LocalSignedPayload) */
export function isLocalBundle(json: JsonObject): boolean {
  return Object.hasOwn(json, 'base64Signature') && !Object.hasOwn(json, 'mediaType');
}

export function partsOfLocalBundle(json: JsonObject): BlobParts {
  const { base64Signature, cert, rekorBundle } = json;
  return {
    signature: typeof base64Signature === 'string' ? base64Signature : '',
    certificate: typeof cert === 'string' ? certificateOf(cert) : undefined,
    rekorBundle: rekorBundle === undefined || rekorBundle === null ? undefined : JSON.stringify(rekorBundle),
    timestamp: undefined,
  };
}

/** @throws CliError when a file cannot be read */
export async function readParts(given: {
  /** A file, or the signature itself. */
  readonly signature: string;
  readonly certificate: string | undefined;
  readonly timestamp: string | undefined;
}): Promise<BlobParts> {
  const read = async (path: string, what: string) =>
    new TextDecoder().decode(await readGivenFile(path, what, MAX_BYTES));
  const { signature, certificate, timestamp } = given;
  return {
    signature: existsSync(signature)
      ? base64Of(await readGivenFile(signature, 'signature', MAX_BYTES))
      : signature,
    certificate:
      certificate === undefined ? undefined : certificateOf(await read(certificate, 'certificate')),
    rekorBundle: undefined,
    timestamp: timestamp === undefined ? undefined : await read(timestamp, 'timestamp'),
  };
}

/**
 * The parts as evidence. What a `.sig` or `.att` layer has as annotations these have too, and it is judged alike. Only what a bare
 * signature is over is another thing: the file itself. It does not say which, see {@link aboutArtifact}.
 *
 * @throws VerificationError EVIDENCE_MALFORMED
 */
export function evidenceFromParts(parts: BlobParts): SignatureEvidence {
  const { signature, certificate = '', rekorBundle = '', timestamp = '' } = parts;
  const annotations = {
    'dev.cosignproject.cosign/signature': signature.trim(),
    'dev.sigstore.cosign/certificate': certificate,
    'dev.sigstore.cosign/bundle': rekorBundle,
    'dev.sigstore.cosign/rfc3161timestamp': timestamp,
  };
  const envelope = envelopeOf(signature);
  if (envelope !== undefined) return evidenceFromLegacyAttestation({ payload: envelope, annotations });
  const evidence = evidenceFromLegacySignature({ payload: new Uint8Array(0), annotations });
  return { ...evidence, content: { kind: 'message-digest', claimed: NO_DIGEST } };
}

/** Nothing that a key makes of a digest reads as JSON. */
function envelopeOf(signature: string): Uint8Array | undefined {
  try {
    const bytes = decodeBase64(signature.trim());
    return isJsonObject(parseJson(bytes, ENVELOPE_LIMITS)) ? bytes : undefined;
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    return undefined;
  }
}

const NO_DIGEST: ArtifactDigest = { algorithm: 'sha256', digest: new Uint8Array(32) };

/** Evidence of parts, as a signature of this artifact: whether it is one the verification tells. */
export function aboutArtifact(
  evidence: SignatureEvidence,
  { algorithm, digest }: Artifact,
): SignatureEvidence {
  return { ...evidence, content: { kind: 'message-digest', claimed: { algorithm, digest } } };
}

/** cosign wrote certificates as base64 of their PEM, too, and a public key where there is no certificate. */
function certificateOf(text: string): string | undefined {
  const pem = text.includes('-----BEGIN') ? text : fromBase64(text);
  return pem === '' || pem.includes('-----BEGIN PUBLIC KEY') ? undefined : pem;
}

function fromBase64(text: string): string {
  try {
    return decodeUtf8(decodeBase64(text.trim()));
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    return text;
  }
}

/** A signature file has base64, or the bytes. */
function base64Of(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes).trim();
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? text : encodeBase64(bytes);
}
