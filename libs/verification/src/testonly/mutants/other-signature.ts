import { encodeEcdsaSignature } from '@sigstead/crypto';
import { DerReader, EncodingError } from '@sigstead/encoding';

/** Order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other ECDSA P-256 signature that verifies whenever this one does: (r, n - s). Undefined for bytes that are none. */
export function otherSignature(signature: Uint8Array): Uint8Array | undefined {
  try {
    const reader = new DerReader(signature);
    const sequence = reader.sequence();
    reader.end();
    const [r, s] = [sequence.integer(), sequence.integer()];
    sequence.end();
    return r > 0n && r < N && s > 0n && s < N ? encodeEcdsaSignature({ r, s: N - s }) : undefined;
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

/** The note with {@link otherSignature} in every line that has one; undefined when none has. */
export function noteWithOtherSignatures(note: string): string | undefined {
  const changed = note.replace(/^(\u2014 \S+ )(\S+)$/gmu, (line, start: string, base64: string) => {
    const bytes = Buffer.from(base64, 'base64');
    const other = otherSignature(bytes.subarray(4));
    return other === undefined
      ? line
      : start + Buffer.concat([bytes.subarray(0, 4), other]).toString('base64');
  });
  return changed === note ? undefined : changed;
}
