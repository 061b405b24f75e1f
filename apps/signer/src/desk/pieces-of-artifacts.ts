import type { JsonObject } from '@sigstead/encoding';
import { toAnswer, type SignedPiece } from './answer.ts';
import type { Piece } from './resolve.ts';
import type { MadeSignature } from './sign-piece.ts';

/** A piece with the artifact it is of. */
export interface PlacedPiece {
  readonly artifact: number;
  readonly piece: Piece;
}

/** An artifact is done when all of its pieces are signed: an index has many. */
interface Artifact {
  readonly first: number;
  readonly pieces: readonly Piece[];
  readonly made: (SignedPiece['made'] | undefined)[];
  left: number;
  failed: boolean;
}

/** The pieces of an order, and how far each artifact has come. */
export class PiecesOfArtifacts {
  readonly #artifacts = new Map<number, Artifact>();
  readonly #all: PlacedPiece[] = [];

  get all(): readonly PlacedPiece[] {
    return this.#all;
  }

  get count(): number {
    return this.#all.length;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** What is signed, whole artifacts or not. */
  get signed(): { artifact: number; piece: SignedPiece }[] {
    return [...this.#artifacts].flatMap(([artifact, { pieces, made }]) =>
      pieces.flatMap((piece, at) => {
        const signatures = made[at];
        return signatures === undefined ? [] : [{ artifact, piece: { piece, made: signatures } }];
      }),
    );
  }

  /** @param pieces the artifact itself first */
  add(artifact: number, pieces: readonly [Piece, ...Piece[]]): void {
    const first = this.#all.length;
    const made = pieces.map(() => undefined);
    this.#artifacts.set(artifact, { first, pieces, made, left: pieces.length, failed: false });
    this.#all.push(...pieces.map((piece) => ({ artifact, piece })));
  }

  /** @returns whether it is the first failure of the artifact */
  fail(artifact: number): boolean {
    const known = this.#artifacts.get(artifact);
    if (known === undefined || known.failed) return false;
    known.failed = true;
    return true;
  }

  /**
   * @param index in {@link all}
   * @returns the answer when this was the last piece of its artifact, and none has failed
   */
  sign(index: number, made: readonly [MadeSignature, ...MadeSignature[]]): JsonObject | undefined {
    const artifact = this.#artifacts.get(this.#all[index]?.artifact ?? -1);
    if (artifact === undefined) return undefined;
    artifact.made[index - artifact.first] = made;
    artifact.left--;
    if (artifact.left > 0 || artifact.failed) return undefined;
    const [root, ...children] = artifact.pieces.map((piece, at) => ({
      piece,
      made: artifact.made[at] as SignedPiece['made'],
    }));
    return root && toAnswer([root, ...children]);
  }
}
