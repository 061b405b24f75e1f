import pg from 'pg';
import type { Anchor } from '../anchor/anchor.ts';

/** Where a batch can be interrupted, in the order in which a batch gets there. */
export const POINTS = [
  'before-lock',
  'locked',
  'anchor-read',
  'before-insert',
  'inserted',
  'commit-sent',
  'committed',
  'before-swap',
  'swapped',
] as const;

export type Point = (typeof POINTS)[number];

/**
 * What happens there: the process dies, is stopped, loses its connections to the database, or waits until it is told to go on, which
 * gives the parent time to do something to the database.
 */
export type Fault = 'kill' | 'stop' | 'drop' | 'hold';

const BEFORE: Readonly<Record<string, Point>> = {
  'lock-log': 'before-lock',
  append: 'before-insert',
};
const AFTER: Readonly<Record<string, Point>> = {
  'lock-log': 'locked',
  append: 'inserted',
  COMMIT: 'committed',
};

/** Interrupts this process once at a point of its next batch. */
export class FaultInjector {
  readonly #announce: () => Promise<void>;
  #armed: { readonly at: Point; readonly how: Fault } | undefined;
  #goOn = (): void => undefined;
  readonly #clients = new Set<pg.Client>();

  /** @param announce tells the parent that the point was reached */
  constructor(announce: () => Promise<void>) {
    this.#announce = announce;
    this.#watchStatements();
  }

  arm(at: Point, how: Fault): void {
    this.#armed = { at, how };
  }

  /** Ends a hold. */
  goOn(): void {
    this.#goOn();
  }

  watch(anchor: Anchor): Anchor {
    return {
      read: async () => {
        await this.#reach('anchor-read');
        return anchor.read();
      },
      compareAndSwap: async (expected, next) => {
        await this.#reach('before-swap');
        const isSwapped = await anchor.compareAndSwap(expected, next);
        await this.#reach('swapped');
        return isSwapped;
      },
    };
  }

  async #reach(point: Point | undefined): Promise<void> {
    if (point === undefined || this.#armed?.at !== point) return;
    const { how } = this.#armed;
    this.#armed = undefined;
    const held = new Promise<void>((resolve) => (this.#goOn = resolve));
    await this.#announce();
    if (how === 'kill') process.kill(process.pid, 'SIGKILL');
    if (how === 'stop') process.kill(process.pid, 'SIGSTOP');
    if (how === 'drop') for (const client of this.#clients) client.connection.stream.destroy();
    if (how === 'hold') await held;
  }

  /** Sees every statement that is awaited, on whatever connection; those of the pool's own `query` use callbacks and pass. */
  #watchStatements(): void {
    const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
    const { injector, clients } = { injector: this as FaultInjector, clients: this.#clients };
    const watched = function (this: pg.Client, ...args: unknown[]): unknown {
      if (typeof args.at(-1) === 'function') return query.apply(this, args);
      if (!clients.has(this)) {
        clients.add(this);
        this.once('end', () => clients.delete(this));
      }
      const statement = nameOf(args[0]);
      return (async () => {
        await injector.#reach(BEFORE[statement]);
        const answer = query.apply(this, args) as Promise<unknown>;
        // An answer that comes while the process is interrupted must not count as unhandled when it is a failure.
        answer.catch(() => undefined);
        if (statement === 'COMMIT') await injector.#reach('commit-sent');
        const result = await answer;
        await injector.#reach(AFTER[statement]);
        return result;
      })();
    };
    pg.Client.prototype.query = watched as typeof pg.Client.prototype.query;
  }
}

function nameOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  return (statement as { readonly name?: string }).name ?? '';
}
