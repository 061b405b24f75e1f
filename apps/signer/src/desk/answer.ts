import { bundleToJson } from '@sigstead/bundle';
import { encodeBase64, encodeHex, type JsonObject } from '@sigstead/encoding';
import type { LoggedSignature, Signature, SigningKey } from '@sigstead/signing';
import { digestOfPiece, type Piece } from './resolve.ts';
import type { MadeSignature } from './sign-piece.ts';

/** A piece with the signatures that were made of it. */
export interface SignedPiece {
  readonly piece: Piece;
  readonly made: readonly [MadeSignature, ...MadeSignature[]];
}

/**
 * What a caller gets for an artifact that is signed. Everything in it is public.
 *
 * Log index, time and bundle at the top are those of the first signature: of an image on Rekor v1 that of the `.sig` form, whose
 * bundle is over the simple signing payload. The bundle that refers to the image has its own in `referrer`. Of an index that was
 * signed with all below it, the others are in `children`.
 */
export function toAnswer([root, ...children]: readonly [SignedPiece, ...SignedPiece[]]): JsonObject {
  return {
    ...describePiece(root),
    ...(children.length > 0 && { children: children.map(describePiece) }),
  };
}

function describePiece({ piece, made: [first, ...others] }: SignedPiece): JsonObject {
  const referring = [first, ...others].find(({ referrer }) => referrer !== undefined);
  const { layer } = first;
  return {
    ...namesOf(piece),
    certificate: describeCertificate(first.signature.key),
    ...describeProofs(first.signature),
    ...(layer && { [first.form === 'sig' ? 'signatureManifest' : 'attestationManifest']: { ...layer } }),
    bundle: bundleToJson(first.signature.bundle),
    ...(referring?.referrer && {
      referrer: {
        digest: referring.referrer.digest,
        listedBy: referring.referrer.listedBy,
        ...(referring !== first && {
          ...describeProofs(referring.signature),
          bundle: bundleToJson(referring.signature.bundle),
        }),
      },
    }),
  };
}

function namesOf(piece: Piece): JsonObject {
  const digest = digestOfPiece(piece);
  switch (piece.kind) {
    case 'image':
      return { image: `${piece.place.image.name}@${digest}`, digest };
    case 'digest':
      return { ...(piece.name !== undefined && { name: piece.name }), digest };
    case 'statement': {
      const place = piece.stored?.place;
      const { predicateType } = piece.statement;
      return {
        ...(place && { image: `${place.image.name}@${place.manifest.digest}` }),
        digest: place?.manifest.digest ?? digest,
        predicateType,
      };
    }
  }
}

function describeCertificate(key: SigningKey): JsonObject {
  if (key.kind !== 'certificate') throw new Error('the signer signs with certificates only');
  const { certificate, identity } = key;
  return {
    identity: identity.identity,
    issuer: identity.issuer,
    serialNumber: encodeHex(certificate.serialNumber),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    pem: certificate.toPem(),
  };
}

function describeProofs({ logged: [first, ...others], timestamps }: Signature): JsonObject {
  return {
    ...describeEntry(first),
    ...(others.length > 0 && { furtherEntries: others.map(describeEntry) }),
    timestamps: timestamps.map(encodeBase64),
  };
}

function describeEntry({ entry, entryUuid }: LoggedSignature): JsonObject {
  return {
    logIndex: Number(entry.logIndex),
    logId: encodeHex(entry.logId),
    ...(entryUuid !== undefined && { entryUuid }),
    // Rekor v2 gives no time.
    ...(entry.integratedTimeSeconds > 0n && { integratedTime: Number(entry.integratedTimeSeconds) }),
  };
}
