const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** 128 and the number of SIGINT, as shells have it. */
export const INTERRUPTED = 130;

/**
 * Runs work that must not be cut off in the middle of a push. At the first signal nothing more is begun, and what is under way is
 * finished; at the second the process ends at once.
 *
 * @param work told by its signal to begin nothing more
 */
export async function finishingWhatIsBegun<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const onSignal = (): void => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write('\ninterrupted: what is under way is finished (again: stops at once)\n');
    interruption.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(interruption.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
