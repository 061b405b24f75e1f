import type { JsonObject } from '@sigstead/encoding';
import { describeSignatures, type MadeSignatures } from '@sigstead/signing';
import { digestOfPiece, type Piece } from './resolve.ts';

/** A piece with the signatures that were made of it. */
export interface SignedPiece {
  readonly piece: Piece;
  readonly made: MadeSignatures;
}

/** What a caller gets for an artifact that is signed. Of an index that was signed with all below it, the others are in `children`. */
export function toAnswer([root, ...children]: readonly [SignedPiece, ...SignedPiece[]]): JsonObject {
  return {
    ...describePiece(root),
    ...(children.length > 0 && { children: children.map(describePiece) }),
  };
}

function describePiece({ piece, made }: SignedPiece): JsonObject {
  return { ...namesOf(piece), ...describeSignatures(made) };
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
