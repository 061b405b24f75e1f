import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@sigstead/encoding';
import type { SigningStep } from '@sigstead/signing';
import type { SignerIdentity } from '@sigstead/verification';
import type { Pool } from 'pg';
import { RecordError } from './record-error.ts';
import { runStatement } from './statement.ts';

/** Who asks for what; the identity is the certificate authority's word. */
export interface RecordedRequest {
  readonly route: string;
  readonly identity: SignerIdentity;
  readonly certificateSerial: Uint8Array;
  readonly idempotencyKey: string | undefined;
  readonly artifacts: readonly RecordedArtifact[];
}

export interface RecordedArtifact {
  /** In the request. */
  readonly position: number;
  /** As the caller named it. */
  readonly artifact: string;
  readonly digest: string;
}

/** What became of an artifact: one for each of its signatures, or one for its failure. */
export type RecordedOutcome = {
  readonly position: number;
  readonly artifact: string;
  readonly digest: string | undefined;
} & (
  | {
      readonly outcome: 'signed';
      readonly form: string;
      readonly predicateType: string | undefined;
      readonly logId: Uint8Array;
      readonly logIndex: bigint;
      /** Digest of the manifest that holds it. */
      readonly storedAs: string | undefined;
    }
  | { readonly outcome: 'failed'; readonly step: SigningStep; readonly reason: string }
);

/** Notes what is signed for whom. */
export interface AuditRecord {
  /**
   * Before anything is signed, durably when this returns.
   *
   * @returns by which the outcomes are entered
   * @throws RecordError UNAVAILABLE
   */
  begin(request: RecordedRequest): Promise<string>;
  /** @throws RecordError UNAVAILABLE */
  end(id: string, outcomes: readonly RecordedOutcome[]): Promise<void>;
  /** For readiness. */
  check(): Promise<string>;
}

/** Nothing is noted: what the operator chose by ALLOW_NO_RECORD. */
export const noRecord: AuditRecord = {
  begin: async () => '',
  end: async () => undefined,
  check: async () => 'nothing is recorded (ALLOW_NO_RECORD)',
};

/** The record in PostgreSQL. Entries are added, never changed. */
export class PostgresAuditRecord implements AuditRecord {
  readonly #pool: Pool;
  readonly #clock: () => Date;

  constructor(pool: Pool, clock: () => Date) {
    this.#pool = pool;
    this.#clock = clock;
  }

  async begin(request: RecordedRequest): Promise<string> {
    const id = randomUUID();
    const { identity, artifacts } = request;
    await runStatement(
      this.#pool,
      `INSERT INTO signer.request (id, at, route, identity_type, identity, issuer, certificate_serial, idempotency_key, artifacts)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        this.#clock(),
        request.route,
        identity.identityType,
        storable(identity.identity),
        storable(identity.issuer),
        request.certificateSerial,
        request.idempotencyKey ?? null,
        JSON.stringify(artifacts.map((one) => ({ ...one, artifact: storable(one.artifact) }))),
      ],
    );
    return id;
  }

  /** All rows in one statement: one array for each column. */
  async end(id: string, outcomes: readonly RecordedOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await runStatement(
      this.#pool,
      `INSERT INTO signer.outcome (request_id, number, at, position, artifact, digest, form, predicate_type, outcome, step, reason,
         log_id, log_index, stored_as)
       SELECT $1, number, $2, position, artifact, digest, form, predicate_type, outcome, step, reason,
         decode(log_id, 'hex'), log_index, stored_as
       FROM jsonb_to_recordset($3::jsonb) AS row (number integer, position integer, artifact text, digest text, form text,
         predicate_type text, outcome text, step text, reason text, log_id text, log_index bigint, stored_as text)`,
      [id, this.#clock(), JSON.stringify(outcomes.map(rowOf))],
    );
  }

  async check(): Promise<string> {
    const [row] = await runStatement<{ may: boolean }>(
      this.#pool,
      `SELECT has_table_privilege('signer.request', 'INSERT') AND has_table_privilege('signer.outcome', 'INSERT') AS may`,
    );
    if (row?.may !== true) throw new RecordError('UNAVAILABLE', 'the role may not record signatures');
    return 'signatures can be recorded';
  }
}

function rowOf(outcome: RecordedOutcome, number: number): JsonObject {
  const { position, artifact, digest = null } = outcome;
  const what = { number, position, artifact: storable(artifact), digest, outcome: outcome.outcome };
  if (outcome.outcome === 'failed') return { ...what, step: outcome.step, reason: storable(outcome.reason) };
  return {
    ...what,
    form: outcome.form,
    predicate_type: outcome.predicateType ?? null,
    log_id: Buffer.from(outcome.logId).toString('hex'),
    // As text: beyond 2^53 numbers are not exact.
    log_index: outcome.logIndex.toString(),
    stored_as: outcome.storedAs ?? null,
  };
}

const MAX_TEXT = 4096;

/** PostgreSQL stores neither NUL nor half a character; what is noted is for people to read. */
function storable(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\0|\p{Surrogate}/gu, '\ufffd');
}
