import type { JsonObject } from '@sigstead/encoding';
import { signEach, type SigningKey } from '@sigstead/signing';
import type { SigningKeys } from '../services/signing-keys.ts';
import { failureOf, type Failure } from './failure.ts';
import { finishingWhatIsBegun } from './interruption.ts';
import { Report, type Outcome } from './report.ts';

/** One of those named, with what there is to sign of it; or why that cannot be found out. */
export interface Wanted<Piece> {
  readonly name: string;
  readonly pieces: readonly [Piece, ...Piece[]] | { readonly failure: Failure };
}

export interface SigningRun<Piece> {
  readonly wanted: readonly Wanted<Piece>[];
  readonly keys: SigningKeys;
  readonly output: 'text' | 'json';
  /** Signs one piece, with everything that belongs to it, and tells what its caller gets to know. */
  readonly sign: (key: SigningKey, piece: Piece) => Promise<JsonObject>;
}

interface Placed<Piece> {
  /** Which of those named it is of. */
  readonly at: number;
  /** Among the pieces of that one. */
  readonly position: number;
  readonly piece: Piece;
}

/**
 * Signs all that is wanted, many at a time, with as few certificates as will do, and tells what became of each.
 *
 * @throws CliError when not all of it is signed
 */
export async function workOff<Piece>({ wanted, keys, output, sign }: SigningRun<Piece>): Promise<void> {
  const pieces = wanted.flatMap(piecesOf);
  const names = wanted.map(({ name }) => name);
  const report = new Report({ output, names, total: pieces.length });
  const settled = wanted.map((): Outcome[] => []);
  wanted.forEach(({ pieces: found }, at) => {
    if ('failure' in found) report.add(at, found);
  });
  const settle = ({ at, position }: Placed<Piece>, outcome: Outcome): void => {
    report.step('failure' in outcome);
    const own = settled[at] as Outcome[];
    own[position] = outcome;
    const all = Object.keys(own).length;
    const { pieces: found } = wanted[at] as Wanted<Piece>;
    if (!('failure' in found) && all === found.length) report.add(at, outcomeOfAll(own));
  };
  const signOne = (key: SigningKey, { piece }: Placed<Piece>) => attempt(() => sign(key, piece));
  try {
    // Whoever is asked to log in may leave: nothing is under way by then.
    if (pieces.length > 0)
      await keys.lend((source) =>
        finishingWhatIsBegun(async (signal) => {
          for await (const signed of signEach(source, pieces, signOne, { signal })) {
            const placed = pieces[signed.index] as Placed<Piece>;
            settle(placed, 'error' in signed ? explained(signed.error) : signed.result);
          }
        }),
      );
  } catch (error) {
    report.abandon();
    throw error;
  }
  report.end();
}

function piecesOf<Piece>({ pieces }: Wanted<Piece>, at: number): Placed<Piece>[] {
  return 'failure' in pieces ? [] : pieces.map((piece, position) => ({ at, position, piece }));
}

async function attempt(work: () => Promise<JsonObject>): Promise<Outcome> {
  try {
    return { answer: await work() };
  } catch (error) {
    return explained(error);
  }
}

function explained(error: unknown): Outcome {
  const failure = failureOf(error);
  if (failure === undefined) throw error;
  return { failure };
}

/** An index is told as itself, with what lies below it. */
function outcomeOfAll(outcomes: readonly Outcome[]): Outcome {
  const failed = outcomes.find((outcome) => 'failure' in outcome);
  if (failed !== undefined) return failed;
  const [root, ...children] = outcomes.flatMap((outcome) => ('answer' in outcome ? [outcome.answer] : []));
  if (root === undefined) throw new Error('nothing was signed of what was wanted');
  return { answer: { ...root, ...(children.length > 0 && { children }) } };
}
