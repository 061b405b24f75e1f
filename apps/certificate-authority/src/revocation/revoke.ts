import {
  formatDate,
  MAX_IDENTITY_CHARACTERS,
  MAX_ISSUER_CHARACTERS,
  type Revocation,
  type RevocationTarget,
} from '@sigstead/revocation';
import { equalBytes } from '@sigstead/encoding';
import type { CrlReason } from '@sigstead/x509';
import type { IssuanceRecord } from '../record/issuance-record.ts';
import { RecordError } from '../record/record-error.ts';
import type { RevocationRegister } from './revocation-register.ts';

/** What an operator asks for. */
export interface RevocationRequest {
  /** Of a certificate, the authority is looked up unless given: certificates from before the record are in nobody's. */
  readonly target:
    | Exclude<RevocationTarget, { kind: 'serial' }>
    | { readonly kind: 'serial'; readonly serialNumber: Uint8Array; readonly authorityKeyId?: Uint8Array };
  /** Signatures made then or later do not count. Only a recorded certificate has a default: its whole life. */
  readonly from: Date | undefined;
  readonly reason: CrlReason;
  /** For operators; never published. */
  readonly comment: string;
  readonly revokedBy: string;
}

const MAX_COMMENT_CHARACTERS = 2_000;
const MAX_NAME_CHARACTERS = 200;
const CONTROLS_OR_HALVES = /[\p{Cc}\p{Surrogate}]/u;

/**
 * Revokes. There is no way back: a mistake is repaired by issuing anew.
 *
 * @returns what was asked for, and the sequence number it was recorded under, or (`isNew` false) that of one that already held
 * @throws RecordError REQUEST, UNAVAILABLE
 */
export async function revoke(
  { record, register }: { readonly record: IssuanceRecord; readonly register: RevocationRegister },
  request: RevocationRequest,
  now: Date,
): Promise<{ revocation: Revocation; sequence: number; isNew: boolean }> {
  const revokedAt = wholeSeconds(now);
  assertText('comment', request.comment, MAX_COMMENT_CHARACTERS);
  assertText('name of who revokes', request.revokedBy, MAX_NAME_CHARACTERS);
  assertTexts(request.target);
  const { target, earliest } = await resolveTarget(request.target, record);
  const from = wholeSeconds(beginning(request.from ?? earliest));
  if (from.getTime() > revokedAt.getTime()) {
    throw new RecordError('REQUEST', `from ${formatDate(from)} is later than now, ${formatDate(revokedAt)}`);
  }
  const { reason, comment, revokedBy } = request;
  const revocation = { target, from, reason, revokedAt };
  return { revocation, ...(await register.add({ ...revocation, comment, revokedBy })) };
}

async function resolveTarget(
  target: RevocationRequest['target'],
  record: IssuanceRecord,
): Promise<{ target: RevocationTarget; earliest?: Date }> {
  if (target.kind !== 'serial') return { target };
  const { kind, serialNumber, authorityKeyId } = target;
  const entry = await record.find(serialNumber);
  if (entry === undefined) {
    if (authorityKeyId !== undefined) return { target: { kind, serialNumber, authorityKeyId } };
    throw new RecordError(
      'REQUEST',
      'no certificate with this serial number is recorded: name the authority that issued it',
    );
  }
  if (authorityKeyId !== undefined && !equalBytes(authorityKeyId, entry.authorityKeyId))
    throw new RecordError('REQUEST', 'the certificate with this serial number is of another authority');
  return {
    target: { kind, serialNumber, authorityKeyId: entry.authorityKeyId },
    earliest: entry.certificate.notBefore,
  };
}

function beginning(from: Date | undefined): Date {
  if (from === undefined) {
    throw new RecordError(
      'REQUEST',
      'from when signatures do not count has to be said: there is no date to assume',
    );
  }
  if (Number.isNaN(from.getTime())) throw new RecordError('REQUEST', 'from is not a date');
  return from;
}

function assertTexts(target: RevocationRequest['target']): void {
  if (target.kind !== 'identity') return;
  assertText('identity', target.identity, MAX_IDENTITY_CHARACTERS);
  if (target.issuer !== undefined) assertText('issuer', target.issuer, MAX_ISSUER_CHARACTERS);
}

function assertText(what: string, text: string, maxCharacters: number): void {
  if (text.trim() !== '' && text.length <= maxCharacters && !CONTROLS_OR_HALVES.test(text)) return;
  throw new RecordError('REQUEST', `${what}: want text of 1 to ${maxCharacters} characters on one line`);
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}
