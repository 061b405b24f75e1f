import { sha256 } from '@sigstead/crypto';
import { canonicalizeJson, encodeUtf8 } from '@sigstead/encoding';
import { sqlStateOf } from '@sigstead/postgres';
import { targetToJson, type Revocation, type RevocationTarget } from '@sigstead/revocation';
import type { CrlReason } from '@sigstead/x509';
import type { Pool } from 'pg';
import type { CertificateEntry } from '../record/issuance-record.ts';
import { RecordError } from '../record/record-error.ts';
import { runStatement } from '../record/statement.ts';

/** A revocation with what is for operators only. */
export interface RecordedRevocation extends Revocation {
  /** From 1, without gaps, in the order they were made. */
  readonly sequence: number;
  readonly comment: string;
  readonly revokedBy: string;
}

/** SQLSTATE unique_violation: somebody else took the sequence number. */
const UNIQUE_VIOLATION = '23505';
const MAX_ATTEMPTS = 20;
/** Several for one target come from ever earlier dates; nobody needs more to see that a certificate is revoked. */
const MAX_SHOWN = 100;

const COLUMNS = `sequence, kind, serial_number, authority_key_id, key_hash, identity, issuer, effective_from, reason, comment,
  revoked_by, revoked_at`;

/** All revocations ever made, in PostgreSQL. They are added and read, never changed: revoking is never undone. */
export class RevocationRegister {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Adds a revocation, unless one of the same target for the same reason already holds from then or earlier: repeating is harmless,
   * also when it is not known whether the first attempt came through.
   *
   * @returns its sequence number, or that of the one which holds already
   * @throws RecordError UNAVAILABLE
   */
  async add(revocation: Omit<RecordedRevocation, 'sequence'>): Promise<{ sequence: number; isNew: boolean }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#add(revocation);
      } catch (error) {
        // Two at once took the same number and the other was first: its row is visible now, and may be the very same revocation.
        const isTaken = error instanceof RecordError && sqlStateOf(error.cause) === UNIQUE_VIOLATION;
        if (!isTaken || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async #add(
    revocation: Omit<RecordedRevocation, 'sequence'>,
  ): Promise<{ sequence: number; isNew: boolean }> {
    const { target, from, reason, comment, revokedBy, revokedAt } = revocation;
    const columns = columnsOf(target);
    const [row] = await runStatement<{ sequence: string; is_new: boolean }>(
      this.#pool,
      `WITH held AS (
         SELECT sequence FROM certificate_authority.revocation
         WHERE target_hash = $1 AND effective_from <= $8 AND reason = $9 ORDER BY sequence LIMIT 1
       ), added AS (
         INSERT INTO certificate_authority.revocation (target_hash, ${COLUMNS})
         SELECT $1::bytea, coalesce((SELECT max(sequence) FROM certificate_authority.revocation), 0) + 1,
           $2::text, $3::bytea, $4::bytea, $5::bytea, $6::text, $7::text, $8::timestamptz, $9::text, $10::text, $11::text,
           $12::timestamptz
         WHERE NOT EXISTS (SELECT FROM held)
         RETURNING sequence
       )
       SELECT sequence, true AS is_new FROM added UNION ALL SELECT sequence, false FROM held`,
      [
        targetHash(target),
        target.kind,
        columns.serialNumber ?? null,
        columns.authorityKeyId ?? null,
        columns.keyHash ?? null,
        columns.identity ?? null,
        columns.issuer ?? null,
        from,
        reason,
        comment,
        revokedBy,
        revokedAt,
      ],
    );
    if (row === undefined) throw new Error('adding a revocation gave no row');
    return { sequence: Number(row.sequence), isNew: row.is_new };
  }

  /** The sequence number of the latest, 0 when nothing was ever revoked. @throws RecordError UNAVAILABLE */
  async latestSequence(): Promise<number> {
    const [row] = await runStatement<{ latest: string | null }>(
      this.#pool,
      'SELECT max(sequence) AS latest FROM certificate_authority.revocation',
    );
    return Number(row?.latest ?? 0);
  }

  /** In the order they were made. @throws RecordError UNAVAILABLE */
  async all(): Promise<RecordedRevocation[]> {
    const rows = await runStatement<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM certificate_authority.revocation ORDER BY sequence`,
    );
    return rows.map(revocationOf);
  }

  /** Those that void signatures a certificate may have made: about it, and from its last second or earlier. */
  async concerning(entry: CertificateEntry): Promise<RecordedRevocation[]> {
    const rows = await runStatement<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM certificate_authority.revocation
       WHERE target_hash = ANY($1::bytea[]) AND effective_from <= $2 ORDER BY sequence LIMIT ${MAX_SHOWN}`,
      [targetsOf(entry).map((target) => Buffer.from(targetHash(target))), entry.certificate.notAfter],
    );
    return rows.map(revocationOf);
  }
}

/** Everything whose revocation is about this certificate. */
function targetsOf({ certificate, authorityKeyId, identity, issuer }: CertificateEntry): RevocationTarget[] {
  return [
    { kind: 'serial', serialNumber: certificate.serialNumber, authorityKeyId },
    { kind: 'key', keyHash: certificate.spkiHash },
    { kind: 'identity', identity: identity.value },
    { kind: 'identity', identity: identity.value, issuer },
    { kind: 'authority', authorityKeyId },
  ];
}

function targetHash(target: RevocationTarget): Uint8Array {
  return sha256(encodeUtf8(canonicalizeJson(targetToJson(target))));
}

interface TargetColumns {
  readonly serialNumber?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  readonly keyHash?: Uint8Array;
  readonly identity?: string;
  readonly issuer?: string;
}

function columnsOf(target: RevocationTarget): TargetColumns {
  return target;
}

interface Row {
  sequence: string;
  kind: RevocationTarget['kind'];
  serial_number: Buffer;
  authority_key_id: Buffer;
  key_hash: Buffer;
  identity: string;
  issuer: string | null;
  effective_from: Date;
  reason: CrlReason;
  comment: string;
  revoked_by: string;
  revoked_at: Date;
}

function revocationOf(row: Row): RecordedRevocation {
  return {
    sequence: Number(row.sequence),
    target: targetOf(row),
    from: row.effective_from,
    reason: row.reason,
    comment: row.comment,
    revokedBy: row.revoked_by,
    revokedAt: row.revoked_at,
  };
}

/** Which columns are there is said by a constraint of the table. */
function targetOf(row: Row): RevocationTarget {
  switch (row.kind) {
    case 'serial':
      return {
        kind: row.kind,
        serialNumber: new Uint8Array(row.serial_number),
        authorityKeyId: new Uint8Array(row.authority_key_id),
      };
    case 'key':
      return { kind: row.kind, keyHash: new Uint8Array(row.key_hash) };
    case 'identity':
      return {
        kind: row.kind,
        identity: row.identity,
        ...(row.issuer === null ? {} : { issuer: row.issuer }),
      };
    case 'authority':
      return { kind: row.kind, authorityKeyId: new Uint8Array(row.authority_key_id) };
  }
}
