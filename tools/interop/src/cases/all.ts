import type { InteropCase } from '../interop-case.ts';
import { amongOthers } from './among-others.ts';
import { copied } from './copied.ts';
import { signedByOthers } from './signed-by-others.ts';
import { signedBySigstead } from './signed-by-sigstead.ts';

export const ALL_CASES: readonly InteropCase[] = [
  ...signedBySigstead,
  ...signedByOthers,
  ...copied,
  ...amongOthers,
];
