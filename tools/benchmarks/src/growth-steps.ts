const FIRST = 10_000;

/** Sizes at which a growing log is looked at, ascending: 10^4, each tenfold of it below the last, and the last. */
export function growthSteps(last: number): number[] {
  const steps: number[] = [];
  for (let step = FIRST; step < last; step *= 10) steps.push(step);
  return [...steps, last];
}
