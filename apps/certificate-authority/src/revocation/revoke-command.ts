import { userInfo } from 'node:os';
import { decodeHex } from '@sigstead/encoding';
import { createPool, databaseUrlOf } from '@sigstead/postgres';
import { formatDate, targetToJson, type Revocation } from '@sigstead/revocation';
import { readConfig, setting } from '@sigstead/server';
import { CRL_REASONS, type CrlReason } from '@sigstead/x509';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { IssuanceRecord } from '../record/issuance-record.ts';
import { RecordError } from '../record/record-error.ts';
import { parseSerialNumber } from '../record/serial-number.ts';
import { RevocationRegister } from './revocation-register.ts';
import { revoke, type RevocationRequest } from './revoke.ts';

/** The environment of whoever revokes. */
export const revokerEnvironmentSchema = z
  .object({
    /** postgres://role:password@host/database of the revoker's role, or without the password, which is then in the file. */
    REVOCATION_DATABASE_URL: z.string().min(1),
    REVOCATION_DATABASE_PASSWORD_FILE: setting.file().optional(),
  })
  .transform((environment, context) => databaseUrlOf(environment, 'REVOCATION_DATABASE', context));

export interface CommandEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  readonly now: Date;
  readonly write: (text: string) => void;
}

interface Options {
  readonly serial?: Uint8Array;
  readonly issuedBy?: Uint8Array;
  readonly key?: Uint8Array;
  readonly identity?: string;
  readonly issuer?: string;
  readonly authority?: Uint8Array;
  readonly from?: Date;
  readonly reason: CrlReason;
  readonly comment?: string;
  readonly by?: string;
}

/** The operator's command. Running it throws ConfigError, RecordError, or CommanderError on wrong usage. */
export function revokeCommand({ environment, now, write }: CommandEnvironment): Command {
  const command = new Command('revoke')
    .description(
      'Revoke a certificate, a key, an identity or a CA: signatures made from a date on no longer count. It cannot be undone.',
    )
    .option('--serial <hex>', 'one certificate, by its serial number', serialNumber)
    .option('--issued-by <sha256>', "with --serial, when it is not recorded: the issuing CA's key", sha256)
    .option(
      '--key <sha256>',
      'every certificate for a key, by the SHA-256 of its SubjectPublicKeyInfo',
      sha256,
    )
    .option('--identity <name>', 'every certificate for a subject alternative name')
    .option('--issuer <url>', 'with --identity: only when this issuer of tokens vouched for it')
    .option(
      '--authority <sha256>',
      "every certificate of a CA, by the SHA-256 of the CA's SubjectPublicKeyInfo",
      sha256,
    )
    .option(
      '--from <date>',
      'signatures made then or later do not count: now, always, 2026-01-31 or 2026-01-31T12:00:00Z (default of a recorded certificate: always)',
      (text) => date(text, now),
    )
    .addOption(
      new Option('--reason <reason>', 'RFC 5280 reason')
        .choices(Object.keys(CRL_REASONS))
        .default('unspecified'),
    )
    .option('--comment <text>', 'required: why, for other operators; never published')
    .option('--by <name>', 'who revokes (default: the account of this machine)')
    .action(async (options: Options) => {
      const request = requestOf(options);
      await withRecord(environment, async (access) => {
        const { revocation, sequence, isNew } = await revoke(access, request, now);
        const outcome = isNew ? `revoked, number ${sequence}` : `already revoked by number ${sequence}`;
        write(`${outcome}: ${JSON.stringify(publicPart(revocation))}\n`);
      });
    });
  command
    .command('list')
    .description('Print every revocation, one JSON object per line, in the order they were made.')
    .action(() =>
      withRecord(environment, async ({ register }) => {
        for (const revocation of await register.all()) {
          const { sequence, comment, revokedBy } = revocation;
          write(`${JSON.stringify({ sequence, ...publicPart(revocation), comment, revokedBy })}\n`);
        }
      }),
    );
  return command;
}

async function withRecord(
  environment: NodeJS.ProcessEnv,
  work: (access: { record: IssuanceRecord; register: RevocationRegister }) => Promise<void>,
): Promise<void> {
  const url = readConfig(revokerEnvironmentSchema, environment);
  const pool = createPool({ url, applicationName: 'sigstead-revoke', max: 1 });
  try {
    await work({ record: new IssuanceRecord(pool), register: new RevocationRegister(pool) });
  } finally {
    await pool.end();
  }
}

function requestOf(options: Options): RevocationRequest {
  const { from, reason, comment = '', by } = options;
  return { target: targetOf(options), from, reason, comment, revokedBy: by ?? accountName() };
}

function targetOf(options: Options): RevocationRequest['target'] {
  const { serial, issuedBy, key, identity, issuer, authority } = options;
  const targets: RevocationRequest['target'][] = [];
  if (serial !== undefined) {
    const qualified = issuedBy === undefined ? {} : { authorityKeyId: issuedBy };
    targets.push({ kind: 'serial', serialNumber: serial, ...qualified });
  }
  if (key !== undefined) targets.push({ kind: 'key', keyHash: key });
  if (identity !== undefined) {
    targets.push({ kind: 'identity', identity, ...(issuer === undefined ? {} : { issuer }) });
  }
  if (authority !== undefined) targets.push({ kind: 'authority', authorityKeyId: authority });
  const [target] = targets;
  if (target === undefined || targets.length > 1)
    throw new RecordError('REQUEST', 'want exactly one of --serial, --key, --identity and --authority');
  if (issuedBy !== undefined && target.kind !== 'serial')
    throw new RecordError('REQUEST', '--issued-by is of use only with --serial');
  if (issuer !== undefined && target.kind !== 'identity')
    throw new RecordError('REQUEST', '--issuer is of use only with --identity');
  return target;
}

/** In the words of the published list. */
function publicPart({ target, from, reason, revokedAt }: Revocation): object {
  return { ...targetToJson(target), from: formatDate(from), reason, revokedAt: formatDate(revokedAt) };
}

/** Containers may run as a number without a name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    throw new RecordError('REQUEST', 'the account of this machine has no name: say who revokes with --by');
  }
}

function serialNumber(text: string): Uint8Array {
  try {
    return parseSerialNumber(text);
  } catch (error) {
    throw new InvalidArgumentError((error as RecordError).message);
  }
}

function sha256(text: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return decodeHex(text);
  throw new InvalidArgumentError('want a SHA-256, 64 hexadecimal digits');
}

function date(text: string, now: Date): Date {
  if (text === 'now') return now;
  if (text === 'always') return new Date(0);
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  const parsed = new Date(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(full) ? full : NaN);
  // Dates that do not exist (30 February) become others or none.
  if (!Number.isNaN(parsed.getTime()) && formatDate(parsed) === full) return parsed;
  throw new InvalidArgumentError('want now, always, or a date as 2026-01-31 or 2026-01-31T12:00:00Z');
}
