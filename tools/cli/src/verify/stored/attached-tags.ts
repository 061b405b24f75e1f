import { attestationTag, billOfMaterialsTag, signatureTag } from '@sigstead/oci';

/** What cosign keeps under a tag of its own beside an image. */
export type AttachedKind = 'signature' | 'attestation' | 'sbom';

/** The tag, by the digest of the image. */
export function attachedTag(kind: AttachedKind, imageDigest: string): string {
  switch (kind) {
    case 'signature':
      return signatureTag(imageDigest);
    case 'attestation':
      return attestationTag(imageDigest);
    case 'sbom':
      return billOfMaterialsTag(imageDigest);
  }
}
