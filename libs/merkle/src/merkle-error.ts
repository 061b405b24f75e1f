/**
 * What was refused:
 * - `RANGE`: an index or tree size that no tree has;
 * - `HASH_LENGTH`: a hash that is not 32 bytes;
 * - `NODE_COUNT`: a compact range with another number of hashes than its size has perfect subtrees;
 * - `PROOF_LENGTH`: a proof with more or fewer hashes than index and sizes require;
 * - `ROOT_MISMATCH`: a well-formed proof that leads to another root.
 */
export type MerkleErrorCode = 'RANGE' | 'HASH_LENGTH' | 'NODE_COUNT' | 'PROOF_LENGTH' | 'ROOT_MISMATCH';

/** The only error this library throws. The message says what was checked, what came and what was wanted. */
export class MerkleError extends Error {
  override readonly name = 'MerkleError';
  readonly code: MerkleErrorCode;
  readonly got: string;
  readonly want: string;

  constructor(
    code: MerkleErrorCode,
    subject: string,
    got: string | number | bigint,
    want: string | number | bigint,
  ) {
    super(`${subject}: got ${got}, want ${want}`);
    this.code = code;
    this.got = String(got);
    this.want = String(want);
  }
}
