import { HttpProblem } from './http-problem.ts';

const LEAST_BYTES_PER_MS = 16;
const FIRST_MS = 60_000;

/** Of an upload of any size: one that goes on, but at less than 16 kB/s after its first minute, keeps others out. */
export class UploadPace {
  #bytes = 0;

  /**
   * @param bytes that came now
   * @param elapsedMs since the upload began
   * @throws HttpProblem 408
   */
  add(bytes: number, elapsedMs: number): void {
    this.#bytes += bytes;
    if (elapsedMs <= FIRST_MS || this.#bytes >= elapsedMs * LEAST_BYTES_PER_MS) return;
    throw new HttpProblem(408, 'the upload came to a standstill', { type: 'upload-stalled' });
  }
}
