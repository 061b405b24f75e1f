/** Where in the sequence signing stopped. */
export type SigningStep = 'input' | 'resolve' | 'certificate' | 'signature' | 'timestamp' | 'log' | 'push';

export type SigningErrorCode =
  | 'TOKEN' // the identity token cannot be used to ask for a certificate
  | 'ANNOTATIONS' // the annotations cannot be signed
  | 'ARTIFACT' // the artifact cannot be signed with this key, or in this form
  | 'STATEMENT' // not an in-toto statement
  | 'PREDICATE' // a predicate that is not what its type says
  | 'SERVICES' // the signing config names no services with which a signature could be made that verifies
  | 'CALL_FAILED' // registry, certificate authority, log or timestamp authority did not do their part; `cause` is the client's error
  | 'ANSWER_INVALID'; // what they answered does not hold; nothing of it is used

/**
 * Signing stopped. Before step `push` nothing was stored, in that step a part at most that is a whole signature by itself; in
 * every case signing again is safe.
 */
export class SigningError extends Error {
  override readonly name = 'SigningError';

  constructor(
    readonly step: SigningStep,
    readonly code: SigningErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Runs the part of another service, and says in which step it failed. */
export async function callStep<T>(step: SigningStep, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isNamed(cause, ['ClientError', 'OciError'])) throw cause;
    throw new SigningError(step, 'CALL_FAILED', (cause as Error).message, { cause });
  }
}

/** Reads an answer, and blames it when it cannot be read; defects of our own pass unchanged. */
export function readAnswer<T>(step: SigningStep, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isNamed(cause, ['EncodingError', 'X509Error', 'KeyError', 'TlogError', 'BundleError'])) throw cause;
    throw new SigningError(step, 'ANSWER_INVALID', `${what}: ${(cause as Error).message}`, { cause });
  }
}

function isNamed(error: unknown, names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
