import type { Connection } from '@sigstead/postgres';
import type { ImagePolicyDocument } from '@sigstead/verification';
import type { Pool } from 'pg';
import { PolicyStoreError } from './policy-store-error.ts';
import { changePolicies, nextVersion, readRows, type Expectation, type Latest } from './versioned-write.ts';

/** One version of a policy; without a document it is the one that took the policy away. */
export interface PolicyVersion {
  readonly name: string;
  readonly version: number;
  readonly author: string;
  readonly recordedAt: Date;
  readonly document: ImagePolicyDocument | undefined;
}

export type StoredPolicy = PolicyVersion & { readonly document: ImagePolicyDocument };

/** More than anybody writes; the tables only grow. */
const MAX_POLICIES = 2_000;
const MAX_VERSIONS = 10_000;

const COLUMNS = 'name, version, author, recorded_at, document';

/** Policies by name, every version of them, in PostgreSQL. Versions are added and read, never changed. */
export class PolicyStore {
  readonly #pool: Pool;
  readonly #clock: () => Date;

  constructor(pool: Pool, clock: () => Date) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** @throws PolicyStoreError NOT_FOUND, UNAVAILABLE */
  async current(name: string): Promise<StoredPolicy> {
    const [row] = await readRows<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM verifier.policy_version WHERE name = $1 ORDER BY version DESC LIMIT 1`,
      [name],
    );
    return present(name, row === undefined ? undefined : versionOf(row));
  }

  /** A version with its document. @throws PolicyStoreError NOT_FOUND, UNAVAILABLE */
  async version(name: string, version: number): Promise<StoredPolicy> {
    const [row] = await readRows<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM verifier.policy_version WHERE name = $1 AND version = $2`,
      [name, version],
    );
    return present(`${name}, version ${version}`, row === undefined ? undefined : versionOf(row));
  }

  /**
   * Versions, newest first, the one that took the policy away among them.
   *
   * @param before only older ones
   */
  async versions(name: string, limit: number, before: number | undefined): Promise<readonly PolicyVersion[]> {
    const rows = await readRows<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM verifier.policy_version
       WHERE name = $1 AND ($2::integer IS NULL OR version < $2) ORDER BY version DESC LIMIT $3`,
      [name, before ?? null, limit],
    );
    return rows.map(versionOf);
  }

  /**
   * Policies as they are now, by name.
   *
   * @param after only names after this one
   */
  async list(limit: number, after: string | undefined): Promise<readonly StoredPolicy[]> {
    const rows = await readRows<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM (
         SELECT DISTINCT ON (name) ${COLUMNS} FROM verifier.policy_version
         WHERE $1::text IS NULL OR name > $1 ORDER BY name, version DESC
       ) AS latest WHERE document IS NOT NULL ORDER BY name LIMIT $2`,
      [after ?? null, limit],
    );
    return rows.map((row) => present(row.name, versionOf(row)));
  }

  /**
   * Adds a version.
   *
   * @throws PolicyStoreError VERSION, VERSION_UNSAID, FULL, UNAVAILABLE
   */
  async put(
    name: string,
    document: ImagePolicyDocument,
    author: string,
    expected: Expectation,
  ): Promise<StoredPolicy> {
    return changePolicies(this.#pool, async (connection) => {
      const latest = await latestOf(connection, name);
      const version = nextVersion(`policy ${name}`, latest, expected);
      if (version > MAX_VERSIONS)
        throw new PolicyStoreError('FULL', `policy ${name} has ${MAX_VERSIONS} versions`);
      if (latest === undefined) await this.#assertRoom(connection);
      return present(name, await this.#add(connection, { name, version, author, document }));
    });
  }

  /**
   * Takes a policy away, which is one more version of it.
   *
   * @throws PolicyStoreError NOT_FOUND, VERSION, VERSION_UNSAID, BOUND, UNAVAILABLE
   */
  async remove(name: string, author: string, expected: Expectation): Promise<PolicyVersion> {
    return changePolicies(this.#pool, async (connection) => {
      const latest = await latestOf(connection, name);
      if (latest === undefined || latest.deleted) throw notFound(name);
      const version = nextVersion(`policy ${name}`, latest, expected);
      await assertUnbound(connection, name);
      return this.#add(connection, { name, version, author, document: undefined });
    });
  }

  /** For readiness: resolves when the service may add versions. */
  async check(): Promise<string> {
    const [row] = await readRows<{ may: boolean }>(
      this.#pool,
      `SELECT has_table_privilege('verifier.policy_version', 'INSERT') AS may`,
    );
    if (row?.may !== true) throw new PolicyStoreError('UNAVAILABLE', 'the role may not store policies');
    return 'policies can be stored';
  }

  async #add(connection: Connection, added: Omit<PolicyVersion, 'recordedAt'>): Promise<PolicyVersion> {
    const recordedAt = this.#clock();
    const document = added.document === undefined ? null : JSON.stringify(added.document);
    await connection.query(`INSERT INTO verifier.policy_version (${COLUMNS}) VALUES ($1, $2, $3, $4, $5)`, [
      added.name,
      added.version,
      added.author,
      recordedAt,
      document,
    ]);
    return { ...added, recordedAt };
  }

  async #assertRoom(connection: Connection): Promise<void> {
    const { rows } = await connection.query<{ names: string }>(
      'SELECT count(*) AS names FROM verifier.policy_version WHERE version = 1',
    );
    if (Number(rows[0]?.names) >= MAX_POLICIES) {
      throw new PolicyStoreError('FULL', `there are ${MAX_POLICIES} policies, removed ones among them`);
    }
  }
}

interface Row {
  name: string;
  version: number;
  author: string;
  recorded_at: Date;
  document: string | null;
}

/** What is stored was checked when it came; it is compiled, and with that judged again, before it is used. */
function versionOf(row: Row): PolicyVersion {
  return {
    name: row.name,
    version: row.version,
    author: row.author,
    recordedAt: row.recorded_at,
    document: row.document === null ? undefined : (JSON.parse(row.document) as ImagePolicyDocument),
  };
}

function present(what: string, policy: PolicyVersion | undefined): StoredPolicy {
  if (policy?.document === undefined) throw notFound(what);
  return { ...policy, document: policy.document };
}

function notFound(what: string): PolicyStoreError {
  return new PolicyStoreError('NOT_FOUND', `there is no policy ${what}`);
}

async function latestOf(connection: Connection, name: string): Promise<Latest | undefined> {
  const { rows } = await connection.query<Latest>(
    `SELECT version, document IS NULL AS deleted FROM verifier.policy_version
     WHERE name = $1 ORDER BY version DESC LIMIT 1`,
    [name],
  );
  return rows[0];
}

async function assertUnbound(connection: Connection, name: string): Promise<void> {
  const { rows } = await connection.query<{ namespace: string }>(
    `SELECT namespace FROM (
       SELECT DISTINCT ON (namespace) namespace, policies FROM verifier.policy_binding_version
       ORDER BY namespace, version DESC
     ) AS latest WHERE $1 = ANY (policies) ORDER BY namespace LIMIT 5`,
    [name],
  );
  if (rows.length === 0) return;
  const namespaces = rows.map(({ namespace }) => namespace).join(', ');
  throw new PolicyStoreError('BOUND', `policy ${name} is bound to ${namespaces}: change that first`);
}
