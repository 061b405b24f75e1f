import { HttpProblem } from '@sigstead/server';

/** Longer than any single wait of the engine for database or anchor; clients of Rekor give up after 30 s. */
const DEADLINE_MS = 25_000;

/**
 * Answers 504 to work that takes too long. The work itself goes on: an entry may still be logged, and sending it again is safe.
 *
 * @throws HttpProblem 504
 */
export async function withDeadline<T>(work: Promise<T>, milliseconds = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new HttpProblem(504, 'the log did not answer in time', {
            type: 'deadline',
            headers: { 'retry-after': '1' },
          }),
        ),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
