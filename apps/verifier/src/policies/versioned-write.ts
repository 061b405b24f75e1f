import { PostgresError, withTransaction, type Connection } from '@sigstead/postgres';
import type { Pool, QueryResultRow } from 'pg';
import { PolicyStoreError } from './policy-store-error.ts';

/** What a writer knows of the present state. */
export type Expectation =
  /** Nothing was said: good for what does not exist yet. */
  | { readonly kind: 'unsaid' }
  /** Whatever there is. */
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'version'; readonly version: number };

/** The newest row of something; `deleted` when that row takes it away. */
export interface Latest {
  readonly version: number;
  readonly deleted: boolean;
}

/**
 * Runs a change of policies or bindings. Changes are rare, and they are made one after the other: what one decides on, such as that
 * nothing is bound to a policy, still holds when it is stored.
 *
 * @throws PolicyStoreError UNAVAILABLE, also when the outcome of COMMIT is unknown: reading tells
 */
export async function changePolicies<T>(
  pool: Pool,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return available(() =>
    withTransaction(pool, async (connection) => {
      await connection.query(
        "SELECT pg_advisory_xact_lock(hashtextextended('sigstead verifier policies', 0))",
      );
      return work(connection);
    }),
  );
}

/** @throws PolicyStoreError UNAVAILABLE */
export async function readRows<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return available(async () => (await pool.query<Row>(text, [...values])).rows);
}

/**
 * @param what for the message
 * @returns the version to be written
 * @throws PolicyStoreError VERSION, VERSION_UNSAID
 */
export function nextVersion(what: string, latest: Latest | undefined, expected: Expectation): number {
  const present = latest === undefined || latest.deleted ? undefined : latest.version;
  const found = present === undefined ? 'does not exist' : `is at version ${present}`;
  if (expected.kind === 'absent' && present !== undefined) {
    throw new PolicyStoreError('VERSION', `${what} ${found}, want none`);
  }
  if (expected.kind === 'version' && present !== expected.version) {
    throw new PolicyStoreError('VERSION', `${what} ${found}, want version ${expected.version}`);
  }
  if (expected.kind === 'any' && present === undefined) {
    throw new PolicyStoreError('VERSION', `${what} ${found}, want any version`);
  }
  if (expected.kind === 'unsaid' && present !== undefined) {
    throw new PolicyStoreError(
      'VERSION_UNSAID',
      `${what} ${found}: say so in If-Match to replace it, so that nobody's change is lost`,
    );
  }
  return (latest?.version ?? 0) + 1;
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PolicyStoreError) throw cause;
    const lost = cause instanceof PostgresError && cause.code === 'COMMIT_UNKNOWN';
    const message = lost
      ? 'the change may or may not be stored: read to find out'
      : 'the stored policies cannot be used';
    throw new PolicyStoreError('UNAVAILABLE', message, { cause });
  }
}
