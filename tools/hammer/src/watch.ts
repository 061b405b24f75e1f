import { setTimeout as delay } from 'node:timers/promises';
import { askAt } from './ask.ts';
import type { Face, Head } from './face.ts';
import type { Ledger } from './ledger.ts';

const PAUSE_MS = 1_000;

export interface WatchOptions {
  readonly urls: readonly string[];
  readonly face: Face;
  readonly ledger: Ledger;
  readonly isOver: () => boolean;
}

/** Reads the heads that the replicas show, and has it proven that each continues the one before, whichever replica showed it. */
export async function watch({ urls, face, ledger, isOver }: WatchOptions): Promise<void> {
  let newest: Head | undefined;
  for (let turn = 0; !isOver(); turn++) {
    const ask = askAt(urls[turn % urls.length] as string);
    try {
      const head = await face.head(ask);
      if (head !== undefined) {
        ledger.recordHead(head);
        if (newest !== undefined && newest.size < head.size) await face.verifyConsistency(ask, newest, head);
        if (newest === undefined || newest.size < head.size) newest = head;
      }
    } catch (error) {
      ledger.violate((error as Error).message);
    }
    await delay(PAUSE_MS);
  }
}
