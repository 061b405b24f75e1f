import { quoteIdentifier } from './identifier.ts';

/** What a migration sends its statements through (TypeORM's QueryRunner). */
export interface StatementRunner {
  query(text: string): Promise<unknown>;
}

/** Lets a service role into a schema, to nothing in it yet. */
export async function grantSchema(runner: StatementRunner, schema: string, role: string): Promise<void> {
  await runner.query(`GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)}`);
}

/**
 * Makes rows of a table final: the service role may read and insert, and a trigger refuses UPDATE, DELETE and TRUNCATE to
 * everyone whose triggers fire, the owner included. Two fences, because a grant is easily widened by hand in an emergency.
 */
export async function protectInsertOnly(
  runner: StatementRunner,
  schema: string,
  table: string,
  role: string,
): Promise<void> {
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
  const refuse = `${quoteIdentifier(schema)}.refuse_change`;
  await runner.query(`
    CREATE OR REPLACE FUNCTION ${refuse}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% on %.% is refused: its rows are final', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
    END $$`);
  await runner.query(`
    CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${name}
    FOR EACH STATEMENT EXECUTE FUNCTION ${refuse}()`);
  await runner.query(`REVOKE ALL ON ${name} FROM PUBLIC, ${quoteIdentifier(role)}`);
  await runner.query(`GRANT SELECT, INSERT ON ${name} TO ${quoteIdentifier(role)}`);
}
