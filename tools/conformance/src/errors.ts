/** What the command ends with. To the suite all but 0 is a refusal; here a crash is told from one. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, defect: 70 } as const;

/** The command line, or a file it names, cannot be used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
