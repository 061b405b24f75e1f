/**
 * What was refused:
 * - `ADDRESS`: a tile no tree of less than 2^64 leaves has;
 * - `BUNDLE`: an entry bundle that is cut off, has bytes left over or another number of entries than wanted;
 * - `LIMIT`: more or longer entries than a bundle has room for.
 */
export type TilesErrorCode = 'ADDRESS' | 'BUNDLE' | 'LIMIT';

/** The only error this library throws. The message says what was checked, what came and what was wanted. */
export class TilesError extends Error {
  override readonly name = 'TilesError';
  readonly code: TilesErrorCode;

  constructor(code: TilesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
