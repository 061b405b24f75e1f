import type { Executed } from '../execute.ts';
import type { SigningCredential, Workpiece } from '../workpiece.ts';

/** Something that signs or verifies, used as its users use it. */
export interface Client {
  sign(piece: Workpiece, credential: SigningCredential): Promise<Executed>;
  /** Ok exactly when it accepts. */
  verify(piece: Workpiece): Promise<Executed>;
}
