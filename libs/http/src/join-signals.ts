/**
 * Ends with the first of several signals, with its reason.
 *
 * `AbortSignal.any` of Node 20 alone may forget an `AbortSignal.timeout`: it holds its sources weakly, the timer holds its signal
 * weakly, and after a garbage collection nobody is told of the time. A signal somebody listens to is held.
 */
export function joinSignals(...signals: readonly AbortSignal[]): AbortSignal {
  for (const signal of signals) signal.addEventListener('abort', listen, { once: true });
  // eslint-disable-next-line no-restricted-properties -- its sources are held
  return AbortSignal.any([...signals]);
}

/** One function for all, so that a signal that is joined many times has one listener more. */
function listen(): void {
  // To be there is enough.
}
