import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@sigstead/ceremony';
import { startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { ensureDatabase, ensureLoginRole, withCredentials } from '@sigstead/postgres';
import { migrateTransparencyLog } from '@sigstead/transparency-log';
import type { Home } from './home.ts';

const DATABASE = 'sigstead';
const OWNER = 'sigstead_owner';
const LOG_ROLE = 'sigstead_log';

export interface Database {
  readonly server: RunningPostgres;
  /** Connects the log with the role that may read and append, and nothing else. */
  readonly logUrl: string;
}

/** PostgreSQL with the roles, the database and the tables that the services expect, as in production. */
export async function openDatabase(home: Home, port: number, signal?: AbortSignal): Promise<Database> {
  const server = await startPostgres({ directory: home.postgres, port, signal });
  try {
    const owner = { name: OWNER, password: await keptSecret(join(home.postgres, 'owner-password')) };
    const service = { name: LOG_ROLE, password: await keptSecret(join(home.postgres, 'log-password')) };
    await ensureLoginRole(server.url, owner);
    await ensureLoginRole(server.url, service);
    await ensureDatabase(server.url, DATABASE, OWNER);
    await migrateTransparencyLog({
      url: withCredentials(server.url, { role: owner, database: DATABASE }),
      serviceRole: LOG_ROLE,
    });
    return { server, logUrl: withCredentials(server.url, { role: service, database: DATABASE }) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function keptSecret(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept !== '') return kept.trim();
  const secret = randomBytes(24).toString('hex');
  await writeDurably(path, secret, 0o600);
  return secret;
}
