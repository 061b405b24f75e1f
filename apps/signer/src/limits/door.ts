import { HttpProblem } from '@sigstead/server';

/**
 * Bounds the requests under way. Whoever comes with a token that the authority has taken before is known; strangers share half of
 * the room, so that no flood of made-up tokens keeps the known ones out.
 */
export class Door {
  readonly #max: number;
  readonly #maxStrangers: number;
  #inside = 0;
  #strangers = 0;

  constructor(max: number) {
    this.#max = max;
    this.#maxStrangers = Math.max(1, Math.floor(max / 2));
  }

  get inside(): number {
    return this.#inside;
  }

  /** @throws HttpProblem 503 when there is no room */
  async pass<T>(known: boolean, work: (recognised: () => void) => Promise<T>): Promise<T> {
    if (this.#inside >= this.#max || (!known && this.#strangers >= this.#maxStrangers)) throw full();
    this.#inside++;
    let stranger = !known;
    if (stranger) this.#strangers++;
    const recognised = (): void => {
      if (stranger) this.#strangers--;
      stranger = false;
    };
    try {
      return await work(recognised);
    } finally {
      recognised();
      this.#inside--;
    }
  }
}

function full(): HttpProblem {
  return new HttpProblem(503, 'too many requests are under way', {
    type: 'busy',
    headers: { 'retry-after': '1' },
    extra: { step: 'input' },
  });
}
