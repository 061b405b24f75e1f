import type { Client } from 'pg';
import { PostgresError, sqlStateOf } from './errors.ts';
import { quoteIdentifier } from './identifier.ts';
import { connect } from './pool.ts';

export interface LoginRole {
  readonly name: string;
  readonly password: string;
}

/**
 * Creates the role when absent and sets its password. The role may log in and nothing else; its rights come from migrations.
 *
 * @param adminUrl connects as a superuser or a role with CREATEROLE
 * @throws PostgresError UNREACHABLE, ADMINISTRATION
 */
export async function ensureLoginRole(adminUrl: string, role: LoginRole): Promise<void> {
  await administer(adminUrl, `role ${role.name}`, async (client) => {
    const name = quoteIdentifier(role.name);
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role.name]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${name}`);
    await client.query(`ALTER ROLE ${name} LOGIN PASSWORD ${client.escapeLiteral(role.password)}`);
  });
}

/**
 * Creates the database when absent, owned by the given role. What others may do in it is for the migrations to say.
 *
 * @throws PostgresError UNREACHABLE, ADMINISTRATION
 */
export async function ensureDatabase(adminUrl: string, database: string, owner: string): Promise<void> {
  await administer(adminUrl, `database ${database}`, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) {
      await client.query(`CREATE DATABASE ${quoteIdentifier(database)} OWNER ${quoteIdentifier(owner)}`);
    }
  });
}

/** The same connection string for another role or database. */
export function withCredentials(url: string, changes: { role?: LoginRole; database?: string }): string {
  const changed = new URL(url);
  if (changes.role !== undefined) {
    changed.username = encodeURIComponent(changes.role.name);
    changed.password = encodeURIComponent(changes.role.password);
  }
  if (changes.database !== undefined) changed.pathname = `/${encodeURIComponent(changes.database)}`;
  return changed.href;
}

async function administer(
  url: string,
  subject: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = await connect({ url, applicationName: 'sigstead-administration' });
  try {
    // Two who prepare the same server at once would both find a role absent, and one would fail.
    await client.query("SELECT pg_advisory_lock(hashtextextended('sigstead administration', 0))");
    await work(client);
  } catch (cause) {
    if (cause instanceof PostgresError) throw cause;
    // The driver's message may quote the statement, and with it the password: it is not passed on.
    throw new PostgresError(
      'ADMINISTRATION',
      `preparing ${subject} failed (SQLSTATE ${sqlStateOf(cause) ?? 'none'})`,
    );
  } finally {
    await client.end();
  }
}
