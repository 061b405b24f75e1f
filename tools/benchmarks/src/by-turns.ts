import { percentile, type LoadFigures, type LoadResult } from './closed-loop.ts';

export interface Comparison {
  /** Medians over the rounds. */
  readonly one: LoadFigures;
  readonly other: LoadFigures;
  /** Medians of what the other has, divided by what the one had in the same round. */
  readonly ratio: LoadFigures;
}

const FIGURES = ['perSecond', 'p50', 'p95', 'p99'] as const;

/**
 * Two loads in turns, who begins alternating: what else the machine does falls on both, and a round's ratio outlives it.
 */
export async function byTurns(
  rounds: number,
  one: () => Promise<LoadResult>,
  other: () => Promise<LoadResult>,
): Promise<Comparison> {
  const results: { one: LoadResult; other: LoadResult }[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await one();
      results.push({ one: first, other: await other() });
    } else {
      const first = await other();
      results.push({ one: await one(), other: first });
    }
  }
  return {
    one: medians(results.map(({ one }) => one)),
    other: medians(results.map(({ other }) => other)),
    ratio: medians(results.map(({ one, other }) => divide(other, one))),
  };
}

function divide(dividend: LoadFigures, divisor: LoadFigures): LoadFigures {
  return figures((figure) => dividend[figure] / divisor[figure]);
}

function medians(results: readonly LoadFigures[]): LoadFigures {
  return figures((figure) =>
    percentile(
      results.map((result) => result[figure]).sort((a, b) => a - b),
      0.5,
    ),
  );
}

function figures(valueOf: (figure: keyof LoadFigures) => number): LoadFigures {
  return Object.fromEntries(FIGURES.map((figure) => [figure, valueOf(figure)])) as unknown as LoadFigures;
}
