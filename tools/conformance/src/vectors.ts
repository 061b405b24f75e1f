import { resolve } from 'node:path';

/** Where upstream's vectors are. */
export const VECTORS = resolve(
  process.env['SIGSTEAD_VECTORS'] || resolve(import.meta.dirname, '../../../../shared/vectors'),
);
