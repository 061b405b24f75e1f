import { PostgresError } from './errors.ts';

/**
 * A name as SQL, always quoted.
 *
 * @throws PostgresError ADMINISTRATION unless it is 1 to 63 of letters, digits, underscore, hyphen, beginning with a letter or underscore
 */
export function quoteIdentifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name)) {
    throw new PostgresError(
      'ADMINISTRATION',
      'a role, schema or database name has characters that are not taken',
    );
  }
  return `"${name}"`;
}
