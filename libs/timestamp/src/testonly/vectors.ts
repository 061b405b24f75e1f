import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { env } from 'node:process';

const folder = resolve(env['SIGSTEAD_VECTORS'] ?? join(import.meta.dirname, '../../../../../shared/vectors'));

/** Folder of upstream vectors, undefined where they are absent. */
export function vectorsFolder(name: string): string | undefined {
  const path = join(folder, name);
  return existsSync(path) ? path : undefined;
}
