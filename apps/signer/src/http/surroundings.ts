import type { Log } from '@sigstead/server';
import type { SignerLimits } from '../config.ts';

/** What the routes need besides the desks. */
export interface HttpSurroundings {
  readonly limits: SignerLimits;
  readonly log: Log;
}

export const HTTP_SURROUNDINGS = Symbol('HttpSurroundings');
