import type { Connection } from '@sigstead/postgres';
import type { ImagePolicyDocument } from '@sigstead/verification';
import type { Pool } from 'pg';
import { PolicyStoreError } from './policy-store-error.ts';
import { changePolicies, nextVersion, readRows, type Expectation, type Latest } from './versioned-write.ts';

/** For namespaces that have no binding of their own. */
export const DEFAULT_NAMESPACE = '*';

export interface Binding {
  readonly namespace: string;
  readonly version: number;
  readonly author: string;
  readonly recordedAt: Date;
  /** Names; every one that is about an image has to be met. */
  readonly policies: readonly string[];
}

/** What holds for a namespace now. */
export interface PoliciesInForce {
  /** The binding that was found: of the namespace itself, or the default. Undefined: neither. */
  readonly boundBy: string | undefined;
  readonly policies: readonly PolicyInForce[];
}

export interface PolicyInForce {
  readonly name: string;
  /** Undefined: bound, and not there. */
  readonly stored: { readonly version: number; readonly document: ImagePolicyDocument } | undefined;
}

export const MAX_BOUND_POLICIES = 16;
const MAX_BINDINGS = 10_000;
const MAX_VERSIONS = 10_000;

const COLUMNS = 'namespace, version, author, recorded_at, policies';

/** Which policies hold for which namespace, every version of it. */
export class BindingStore {
  readonly #pool: Pool;
  readonly #clock: () => Date;

  constructor(pool: Pool, clock: () => Date) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** @throws PolicyStoreError NOT_FOUND, UNAVAILABLE */
  async current(namespace: string): Promise<Binding> {
    const [row] = await readRows<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM verifier.policy_binding_version WHERE namespace = $1 ORDER BY version DESC LIMIT 1`,
      [namespace],
    );
    return present(namespace, row);
  }

  /** @param after only namespaces after this one */
  async list(limit: number, after: string | undefined): Promise<readonly Binding[]> {
    const rows = await readRows<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM (
         SELECT DISTINCT ON (namespace) ${COLUMNS} FROM verifier.policy_binding_version
         WHERE $1::text IS NULL OR namespace > $1 ORDER BY namespace, version DESC
       ) AS latest WHERE policies IS NOT NULL ORDER BY namespace LIMIT $2`,
      [after ?? null, limit],
    );
    return rows.map((row) => present(row.namespace, row));
  }

  /** @throws PolicyStoreError UNKNOWN_POLICY, VERSION, VERSION_UNSAID, FULL, UNAVAILABLE */
  async put(
    namespace: string,
    policies: readonly string[],
    author: string,
    expected: Expectation,
  ): Promise<Binding> {
    return changePolicies(this.#pool, async (connection) => {
      const latest = await latestOf(connection, namespace);
      const version = nextVersion(`the binding of ${namespace}`, latest, expected);
      if (version > MAX_VERSIONS) throw full(`the binding of ${namespace} has ${MAX_VERSIONS} versions`);
      if (latest === undefined) await assertRoom(connection);
      await assertStored(connection, policies);
      return this.#add(connection, { namespace, version, author }, policies);
    });
  }

  /** @throws PolicyStoreError NOT_FOUND, VERSION, VERSION_UNSAID, UNAVAILABLE */
  async remove(namespace: string, author: string, expected: Expectation): Promise<Binding> {
    return changePolicies(this.#pool, async (connection) => {
      const latest = await latestOf(connection, namespace);
      if (latest === undefined || latest.deleted) throw notFound(namespace);
      const version = nextVersion(`the binding of ${namespace}`, latest, expected);
      return this.#add(connection, { namespace, version, author }, undefined);
    });
  }

  /**
   * The policies that hold for a namespace, in one look at the database: by its own binding if it has one, else by the default.
   *
   * @throws PolicyStoreError UNAVAILABLE
   */
  async inForce(namespace: string): Promise<PoliciesInForce> {
    const rows = await readRows<InForceRow>(
      this.#pool,
      `WITH latest AS (
         SELECT DISTINCT ON (namespace) namespace, policies FROM verifier.policy_binding_version
         WHERE namespace IN ($1, $2) ORDER BY namespace, version DESC
       ), chosen AS (
         SELECT namespace, policies FROM latest WHERE policies IS NOT NULL ORDER BY namespace = $2 LIMIT 1
       )
       SELECT chosen.namespace, bound.name, stored.version, stored.document
       FROM chosen
       LEFT JOIN LATERAL unnest(chosen.policies) WITH ORDINALITY AS bound (name, place) ON true
       LEFT JOIN LATERAL (
         SELECT version, document FROM verifier.policy_version
         WHERE name = bound.name ORDER BY version DESC LIMIT 1
       ) AS stored ON true
       ORDER BY bound.place`,
      [namespace, DEFAULT_NAMESPACE],
    );
    return {
      boundBy: rows[0]?.namespace,
      policies: rows.flatMap(({ name, version, document }) => {
        if (name === null) return [];
        const stored =
          version === null || document === null
            ? undefined
            : { version, document: JSON.parse(document) as ImagePolicyDocument };
        return { name, stored };
      }),
    };
  }

  async #add(
    connection: Connection,
    added: Pick<Binding, 'namespace' | 'version' | 'author'>,
    policies: readonly string[] | undefined,
  ): Promise<Binding> {
    const recordedAt = this.#clock();
    await connection.query(
      `INSERT INTO verifier.policy_binding_version (${COLUMNS}) VALUES ($1, $2, $3, $4, $5)`,
      [added.namespace, added.version, added.author, recordedAt, policies ?? null],
    );
    return { ...added, recordedAt, policies: policies ?? [] };
  }
}

interface Row {
  namespace: string;
  version: number;
  author: string;
  recorded_at: Date;
  policies: string[] | null;
}

interface InForceRow {
  namespace: string;
  name: string | null;
  version: number | null;
  document: string | null;
}

function present(namespace: string, row: Row | undefined): Binding {
  if (row === undefined || row.policies === null) throw notFound(namespace);
  return {
    namespace,
    version: row.version,
    author: row.author,
    recordedAt: row.recorded_at,
    policies: row.policies,
  };
}

async function latestOf(connection: Connection, namespace: string): Promise<Latest | undefined> {
  const { rows } = await connection.query<Latest>(
    `SELECT version, policies IS NULL AS deleted FROM verifier.policy_binding_version
     WHERE namespace = $1 ORDER BY version DESC LIMIT 1`,
    [namespace],
  );
  return rows[0];
}

async function assertStored(connection: Connection, policies: readonly string[]): Promise<void> {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT name FROM (
       SELECT DISTINCT ON (name) name, document FROM verifier.policy_version
       WHERE name = ANY ($1) ORDER BY name, version DESC
     ) AS latest WHERE document IS NOT NULL`,
    [policies],
  );
  const stored = new Set(rows.map(({ name }) => name));
  const at = policies.findIndex((name) => !stored.has(name));
  if (at < 0) return;
  throw new PolicyStoreError('UNKNOWN_POLICY', `there is no policy ${policies[at]}`, {
    field: `policies.${at}`,
  });
}

async function assertRoom(connection: Connection): Promise<void> {
  const { rows } = await connection.query<{ namespaces: string }>(
    'SELECT count(*) AS namespaces FROM verifier.policy_binding_version WHERE version = 1',
  );
  if (Number(rows[0]?.namespaces) >= MAX_BINDINGS) throw full(`there are ${MAX_BINDINGS} bindings`);
}

function full(message: string): PolicyStoreError {
  return new PolicyStoreError('FULL', message);
}

function notFound(namespace: string): PolicyStoreError {
  return new PolicyStoreError('NOT_FOUND', `no policies are bound to ${namespace}`);
}
