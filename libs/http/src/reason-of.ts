/** The innermost reason of a failed fetch, such as `connect ECONNREFUSED 127.0.0.1:5555`. */
export function reasonOf(error: unknown): string {
  let inner = error as { cause?: unknown; message?: unknown; code?: unknown };
  while (typeof inner.cause === 'object' && inner.cause !== null) inner = inner.cause;
  const words = [inner.message, inner.code].filter((word) => typeof word === 'string' && word !== '');
  return String(words[0] ?? 'no answer');
}
