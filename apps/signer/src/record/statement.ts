import type { Pool, QueryResultRow } from 'pg';
import { RecordError } from './record-error.ts';

/**
 * Runs one statement, which is its own transaction: one round trip.
 *
 * @throws RecordError UNAVAILABLE, the driver's error being the cause
 */
export async function runStatement<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    return (await pool.query<Row>(text, [...values])).rows;
  } catch (cause) {
    throw new RecordError('UNAVAILABLE', 'the record of signatures cannot be used', { cause });
  }
}
