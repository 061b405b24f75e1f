import { HttpProblem } from '@sigstead/server';

const MAX_RANGES = 64;

/**
 * Refuses a request that takes none of what there is (RFC 9110 section 12.5.1). Without an Accept header everything is taken.
 *
 * @throws HttpProblem 406
 */
export function assertAcceptable(accept: string | undefined, offered: string): void {
  if (accept === undefined || accept.trim() === '') return;
  const ranges = accept.split(',', MAX_RANGES).map(parseRange);
  if (ranges.some(({ range, weight }) => weight > 0 && covers(range, offered))) return;
  throw new HttpProblem(406, `unsupported media type requested, only [${offered}] are available`, {
    type: 'not-acceptable',
  });
}

function parseRange(text: string): { range: string; weight: number } {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return { range, weight: Number.isNaN(weight) ? 0 : weight };
}

function covers(range: string, offered: string): boolean {
  return range === '*/*' || range === offered || range === `${offered.split('/', 1)[0]}/*`;
}
