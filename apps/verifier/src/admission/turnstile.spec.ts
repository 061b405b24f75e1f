import { describe, expect, it } from '@jest/globals';
import { Turnstile } from './turnstile.ts';

/** Work that ends when it is told to. */
class Piece {
  started = false;
  end: (error?: Error) => void = () => undefined;

  readonly run = (): Promise<void> => {
    this.started = true;
    return new Promise((resolve, reject) => {
      this.end = (error) => (error === undefined ? resolve() : reject(error));
    });
  };
}

/** Everything that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Turnstile', () => {
  const never = new AbortController().signal;

  it('runs so many together, and the others in order', async () => {
    const turnstile = new Turnstile(2);
    const pieces = Array.from({ length: 4 }, () => new Piece());
    const all = pieces.map((piece) => turnstile.pass(never, piece.run));
    const started = (): boolean[] => pieces.map((piece) => piece.started);
    await settled();
    expect(started()).toEqual([true, true, false, false]);
    pieces[1]?.end();
    await settled();
    expect(started()).toEqual([true, true, true, false]);
    for (const at of [0, 2, 3]) {
      pieces[at]?.end();
      await settled();
    }
    await Promise.all(all);
  });

  it('gives the place of work that failed to the next', async () => {
    const turnstile = new Turnstile(1);
    const [first, second] = [new Piece(), new Piece()];
    const failing = turnstile.pass(never, first.run);
    const next = turnstile.pass(never, second.run);
    await settled();
    first.end(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await settled();
    expect(second.started).toBe(true);
    second.end();
    await next;
  });

  it('gives up waiting with the reason of the signal, and keeps the queue', async () => {
    const turnstile = new Turnstile(1);
    const [first, impatient, last] = [new Piece(), new Piece(), new Piece()];
    const running = turnstile.pass(never, first.run);
    const controller = new AbortController();
    const waiting = turnstile.pass(controller.signal, impatient.run);
    const behind = turnstile.pass(never, last.run);
    await settled();
    controller.abort(new Error('late'));
    await expect(waiting).rejects.toThrow('late');
    first.end();
    await running;
    await settled();
    expect([impatient.started, last.started]).toEqual([false, true]);
    last.end();
    await behind;
    await expect(turnstile.pass(controller.signal, impatient.run)).rejects.toThrow('late');
  });
});
