import { join, resolve } from 'node:path';
import { env } from 'node:process';

/** Vectors of others, which are not part of this project; tests that need them are skipped by name where they are absent. */
export const vectorsFolder = resolve(
  env['SIGSTEAD_VECTORS'] ?? join(import.meta.dirname, '../../../../../shared/vectors'),
);
