import {
  BUNDLE_MEDIA_TYPE,
  type Bundle,
  type BundleContent,
  type TransparencyLogEntry,
} from '@sigstead/bundle';
import { IN_TOTO_PAYLOAD_TYPE } from '@sigstead/verification';
import type { SignedContent } from './content.ts';
import type { SigningKey } from './signing-key.ts';

/** Bundle v0.3: the leaf certificate only or the key's hint, and all that was gathered as proof. */
export function makeBundle(
  signed: SignedContent,
  key: SigningKey,
  tlogEntries: readonly TransparencyLogEntry[],
  rfc3161Timestamps: readonly Uint8Array[],
): Bundle {
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    version: '0.3',
    verificationMaterial: {
      key:
        key.kind === 'certificate'
          ? { kind: 'certificate', certificates: [key.certificate.raw] }
          : { kind: 'publicKey', hint: key.hint },
      tlogEntries,
      rfc3161Timestamps,
    },
    content: contentOf(signed),
  };
}

function contentOf({ content, signature, signed }: SignedContent): BundleContent {
  if (content.kind === 'statement') {
    return {
      kind: 'dsse',
      payloadType: IN_TOTO_PAYLOAD_TYPE,
      payload: content.statement.payload,
      signatures: [{ signature, keyId: '' }],
    };
  }
  return {
    kind: 'messageSignature',
    digestAlgorithm: signed.algorithm,
    digest: signed.digest,
    signature,
  };
}
