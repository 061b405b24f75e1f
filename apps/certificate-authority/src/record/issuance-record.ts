import type { PublicKey } from '@sigstead/crypto';
import { sqlStateOf } from '@sigstead/postgres';
import type { Principal } from '@sigstead/oidc';
import { Certificate, type SignedCertificateTimestamp } from '@sigstead/x509';
import type { Pool } from 'pg';
import { IssuanceError } from '../issuance-error.ts';
import { RecordError } from './record-error.ts';
import { runStatement } from './statement.ts';

/** A certificate and what it was issued for. */
export interface CertificateEntry {
  readonly certificate: Certificate;
  /** SHA-256 of the issuing CA's SubjectPublicKeyInfo. */
  readonly authorityKeyId: Uint8Array;
  readonly identity: { readonly type: string; readonly value: string };
  /** `iss` and `sub` of the identity token, as the certificate has them. */
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly keyType: string;
  /** The transparency log's promise that the certificate carries. */
  readonly log: { readonly id: Uint8Array; readonly timestampMs: bigint };
}

/** SQLSTATE unique_violation. */
const UNIQUE_VIOLATION = '23505';

const COLUMNS = `serial_number, authority_key_id, identity_type, identity, issuer, subject, key_hash, key_type,
  not_before, not_after, log_id, sct_timestamp_ms, der`;

/** Every certificate ever issued, in PostgreSQL. Entries are added and read, never changed. */
export class IssuanceRecord {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Records a certificate that nobody has been given yet, durably when this returns. A crash before leaves a precertificate in the
   * transparency log and no record; a crash after leaves a record of a certificate that was never handed out. Neither
   * leaves a certificate in somebody's hands that is not recorded. The same holds when the answer of the database is lost.
   *
   * @throws IssuanceError RECORD_UNAVAILABLE, SERIAL_NUMBER_USED
   */
  async enter(entry: CertificateEntry): Promise<void> {
    try {
      await runStatement(
        this.#pool,
        `INSERT INTO certificate_authority.certificate (${COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
        valuesOf(entry),
      );
    } catch (cause) {
      if (!(cause instanceof RecordError)) throw cause;
      if (sqlStateOf(cause.cause) === UNIQUE_VIOLATION) {
        // Of 159 random bits: the source of randomness repeats itself, and another attempt would only hide it.
        throw new IssuanceError('SERIAL_NUMBER_USED', 'there is a certificate with this serial number', {
          cause,
        });
      }
      throw new IssuanceError('RECORD_UNAVAILABLE', 'the certificate cannot be recorded', { cause });
    }
  }

  /**
   * @param serialNumber unsigned big-endian without leading zeros
   * @throws RecordError UNAVAILABLE
   */
  async find(serialNumber: Uint8Array): Promise<CertificateEntry | undefined> {
    const [row] = await runStatement<Row>(
      this.#pool,
      `SELECT ${COLUMNS} FROM certificate_authority.certificate WHERE serial_number = $1`,
      [serialNumber],
    );
    return row === undefined ? undefined : entryOf(row);
  }

  /** For readiness: resolves when the service may add to the record. */
  async check(): Promise<string> {
    const [row] = await runStatement<{ may: boolean }>(
      this.#pool,
      `SELECT has_table_privilege('certificate_authority.certificate', 'INSERT') AS may`,
    );
    if (row?.may !== true) throw new RecordError('UNAVAILABLE', 'the role may not record certificates');
    return 'certificates can be recorded';
  }
}

/**
 * Whether the identity can be recorded as it is: found out before anything is signed or announced.
 *
 * @throws IssuanceError IDENTITY for a NUL character, which PostgreSQL does not store
 */
export function assertRecordable({ subjectAlternativeName, claims }: Principal): void {
  const texts = { identity: subjectAlternativeName.value, issuer: claims.issuer, subject: claims.subject };
  for (const [name, text] of Object.entries(texts)) {
    if (text?.includes('\0'))
      throw new IssuanceError('IDENTITY', `the identity cannot be certified: ${name} has a NUL character`);
  }
}

/** @param publicKey of the certificate, which has been read already: reading it there again would cost as much as the record */
export function certificateEntry(
  certificate: Certificate,
  publicKey: PublicKey,
  authority: Certificate,
  { subjectAlternativeName, claims }: Principal,
  sct: SignedCertificateTimestamp,
): CertificateEntry {
  return {
    certificate,
    authorityKeyId: authority.spkiHash,
    identity: subjectAlternativeName,
    issuer: claims.issuer,
    subject: claims.subject,
    keyType: publicKey.type,
    log: { id: sct.logId, timestampMs: sct.timestampMs },
  };
}

interface Row {
  authority_key_id: Buffer;
  identity_type: string;
  identity: string;
  issuer: string;
  subject: string | null;
  key_type: string;
  log_id: Buffer;
  sct_timestamp_ms: string;
  der: Buffer;
}

/** What the certificate says itself is stored beside it for those who search with SQL. */
function valuesOf({ certificate, ...entry }: CertificateEntry): unknown[] {
  return [
    certificate.serialNumber,
    entry.authorityKeyId,
    entry.identity.type,
    entry.identity.value,
    entry.issuer,
    entry.subject ?? null,
    certificate.spkiHash,
    entry.keyType,
    certificate.notBefore,
    certificate.notAfter,
    entry.log.id,
    entry.log.timestampMs,
    certificate.raw,
  ];
}

function entryOf(row: Row): CertificateEntry {
  return {
    certificate: Certificate.parse(row.der),
    authorityKeyId: new Uint8Array(row.authority_key_id),
    identity: { type: row.identity_type, value: row.identity },
    issuer: row.issuer,
    subject: row.subject ?? undefined,
    keyType: row.key_type,
    log: { id: new Uint8Array(row.log_id), timestampMs: BigInt(row.sct_timestamp_ms) },
  };
}
