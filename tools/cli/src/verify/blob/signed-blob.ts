import { BundleError, parseBundle } from '@sigstead/bundle';
import { decodeUtf8, EncodingError, isJsonObject, parseJson, type JsonValue } from '@sigstead/encoding';
import {
  evidenceFromBundle,
  VerificationError,
  type SignatureCandidate,
  type SignatureEvidence,
} from '@sigstead/verification';
import { CliError, exitCodes } from '../../cli-error.ts';
import { readGivenFile } from '../../read-given-file.ts';
import {
  evidenceFromParts,
  isLocalBundle,
  partsOfLocalBundle,
  readParts,
  type BlobParts,
} from './blob-parts.ts';

/** A signature of a file, in whatever form it came. */
export interface SignedBlob extends SignatureCandidate {
  /** Media type and version of a bundle; undefined for what older versions of cosign wrote. */
  readonly form: { readonly mediaType: string; readonly version: string } | undefined;
  /** Whether an inclusion proof is part of the form. */
  readonly hasProof: boolean;
  /** Whether it says what it is a signature of. */
  readonly hasSubject: boolean;
}

const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

/**
 * Reads a bundle: Sigstore's, or the one that `cosign sign-blob` and `attest-blob` wrote before there was that.
 *
 * @throws CliError when it cannot be read as either
 */
export async function readSignedBlob(file: string): Promise<SignedBlob> {
  const bytes = await readGivenFile(file, 'bundle', MAX_BUNDLE_BYTES);
  const what = `bundle ${JSON.stringify(file)}`;
  const json = readJson(bytes, what);
  if (isJsonObject(json) && isLocalBundle(json)) return signedBlobOf(partsOfLocalBundle(json), what);
  try {
    const bundle = parseBundle(bytes);
    return {
      source: `bundle of version ${bundle.version}`,
      evidence: evidenceOf(() => evidenceFromBundle(bundle)),
      form: { mediaType: bundle.mediaType, version: bundle.version },
      hasProof: bundle.version !== '0.1',
      hasSubject: true,
    };
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    throw new CliError(`${what} cannot be used: ${cause.message}`, exitCodes.failed, { cause });
  }
}

/** Signature and certificate in files of their own. @throws CliError when one cannot be read */
export async function readSeparateBlob(given: Parameters<typeof readParts>[0]): Promise<SignedBlob> {
  return signedBlobOf(await readParts(given), 'the signature');
}

function signedBlobOf(parts: BlobParts, source: string): SignedBlob {
  const evidence = evidenceOf(() => evidenceFromParts(parts));
  const hasSubject = !(evidence instanceof VerificationError) && evidence.content.kind === 'dsse';
  return { source, evidence, form: undefined, hasProof: false, hasSubject };
}

function evidenceOf(read: () => SignatureEvidence): SignatureEvidence | VerificationError {
  try {
    return read();
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
}

const LIMITS = { maxBytes: MAX_BUNDLE_BYTES, maxDepth: 16 };

function readJson(bytes: Uint8Array, what: string): JsonValue {
  try {
    return parseJson(decodeUtf8(bytes), LIMITS);
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    const reason = isJsonLines(bytes)
      ? 'it holds several documents, one a line, want a file with one of them'
      : cause.message;
    throw new CliError(`${what} cannot be used: ${reason}`, exitCodes.failed, { cause });
  }
}

/** Several documents, one a line: `gh attestation download` writes its bundles so. */
function isJsonLines(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(0x0a);
  if (end < 0) return false;
  try {
    return isJsonObject(parseJson(decodeUtf8(bytes.subarray(0, end)), LIMITS));
  } catch (error) {
    if (error instanceof EncodingError) return false;
    throw error;
  }
}
