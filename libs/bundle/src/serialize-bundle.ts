import { type HashAlgorithm } from '@sigstead/crypto';
import { encodeBase64, type JsonObject } from '@sigstead/encoding';
import {
  type Bundle,
  type BundleContent,
  type InclusionProof,
  type TransparencyLogEntry,
  type VerificationKey,
} from './bundle.ts';
import { BUNDLE_MEDIA_TYPE } from './media-type.ts';
import { assertVersionRules } from './version-rules.ts';

const HASH_NAMES: Readonly<Record<HashAlgorithm, string>> = {
  sha256: 'SHA2_256',
  sha384: 'SHA2_384',
  sha512: 'SHA2_512',
};

/**
 * The bundle as version 0.3 JSON, whatever version it was read from: camelCase, int64 as decimal text, standard base64.
 * Integers are written even when zero, which every reader takes and some need.
 *
 * @throws BundleError VERSION when version 0.3 cannot hold it: a certificate chain, or an entry without proof
 */
export function serializeBundle(bundle: Bundle): string {
  return JSON.stringify(bundleToJson(bundle));
}

/** As {@link serializeBundle}, as a JSON value to be put inside another. */
export function bundleToJson(bundle: Bundle): JsonObject {
  assertVersionRules({ ...bundle, version: '0.3' });
  const { key, tlogEntries, rfc3161Timestamps } = bundle.verificationMaterial;
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: {
      ...keyToJson(key),
      tlogEntries: tlogEntries.map(tlogEntryToJson),
      ...(rfc3161Timestamps.length > 0 && {
        timestampVerificationData: {
          rfc3161Timestamps: rfc3161Timestamps.map((timestamp) => ({
            signedTimestamp: encodeBase64(timestamp),
          })),
        },
      }),
    },
    ...contentToJson(bundle.content),
  };
}

/** One entry in the form of sigstore_rekor.proto, which is also what Rekor v2 answers. */
export function tlogEntryToJson(entry: TransparencyLogEntry): JsonObject {
  return {
    logIndex: entry.logIndex.toString(),
    logId: { keyId: encodeBase64(entry.logId) },
    kindVersion: { kind: entry.kind, version: entry.kindVersion },
    integratedTime: entry.integratedTimeSeconds.toString(),
    ...(entry.inclusionPromise && {
      inclusionPromise: { signedEntryTimestamp: encodeBase64(entry.inclusionPromise) },
    }),
    ...(entry.inclusionProof && { inclusionProof: inclusionProofToJson(entry.inclusionProof) }),
    canonicalizedBody: encodeBase64(entry.canonicalizedBody),
  };
}

function inclusionProofToJson(proof: InclusionProof): JsonObject {
  return {
    logIndex: proof.logIndex.toString(),
    rootHash: encodeBase64(proof.rootHash),
    treeSize: proof.treeSize.toString(),
    hashes: proof.hashes.map(encodeBase64),
    checkpoint: { envelope: proof.checkpoint },
  };
}

function keyToJson(key: VerificationKey): JsonObject {
  if (key.kind === 'publicKey') return { publicKey: { hint: key.hint } };
  return { certificate: { rawBytes: encodeBase64(key.certificates[0] ?? new Uint8Array()) } };
}

function contentToJson(content: BundleContent): JsonObject {
  if (content.kind === 'messageSignature') {
    return {
      messageSignature: {
        messageDigest: {
          algorithm: HASH_NAMES[content.digestAlgorithm],
          digest: encodeBase64(content.digest),
        },
        signature: encodeBase64(content.signature),
      },
    };
  }
  return {
    dsseEnvelope: {
      payload: encodeBase64(content.payload),
      payloadType: content.payloadType,
      signatures: content.signatures.map(({ signature, keyId }) => ({
        sig: encodeBase64(signature),
        ...(keyId !== '' && { keyid: keyId }),
      })),
    },
  };
}
