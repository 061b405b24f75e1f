import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@sigstead/ceremony';
import { migrateCertificateAuthority } from '@sigstead/certificate-authority';
import { startPostgres, type RunningPostgres } from '@sigstead/embedded-postgres';
import { ensureDatabase, ensureLoginRole, withCredentials, type LoginRole } from '@sigstead/postgres';
import { migrateSigner } from '@sigstead/signer';
import { migrateTransparencyLog } from '@sigstead/transparency-log';
import { migrateVerifier } from '@sigstead/verifier';
import type { Home } from './home.ts';

const DATABASE = 'sigstead';
const OWNER = 'sigstead_owner';
const LOG_ROLE = 'sigstead_log';
const CA_ROLE = 'sigstead_ca';
const REVOKER_ROLE = 'sigstead_revoker';
const SIGNER_ROLE = 'sigstead_signer';
const VERIFIER_ROLE = 'sigstead_verifier';

export interface Database {
  readonly server: RunningPostgres;
  /** Connects the log with the role that may read and append, and nothing else. */
  readonly logUrl: string;
  /** Connects the authority with the role that may record certificates and read, and nothing else. */
  readonly authorityUrl: string;
  /** Connects the signer with the role that may record what it signs, and knows retries by their keys. */
  readonly signerUrl: string;
  /** Connects the verifier with the role that may add versions of policies and read, and nothing else. */
  readonly verifierUrl: string;
}

/** PostgreSQL with the roles, the database and the tables that the services expect, as in production. */
export async function openDatabase(home: Home, port: number, signal?: AbortSignal): Promise<Database> {
  const server = await startPostgres({ directory: home.postgres, port, signal });
  try {
    const role = async (name: string, secret: string): Promise<LoginRole> => {
      const made = { name, password: await keptSecret(join(home.postgres, secret)) };
      await ensureLoginRole(server.url, made);
      return made;
    };
    const owner = await role(OWNER, 'owner-password');
    const log = await role(LOG_ROLE, 'log-password');
    const authority = await role(CA_ROLE, 'ca-password');
    const signer = await role(SIGNER_ROLE, 'signer-password');
    const verifier = await role(VERIFIER_ROLE, 'verifier-password');
    // For operators, who revoke with it.
    await role(REVOKER_ROLE, 'revoker-password');
    await ensureDatabase(server.url, DATABASE, OWNER);
    const urlOf = (connecting: LoginRole): string =>
      withCredentials(server.url, { role: connecting, database: DATABASE });
    const url = urlOf(owner);
    await migrateTransparencyLog({ url, serviceRole: LOG_ROLE });
    await migrateCertificateAuthority({ url, serviceRole: CA_ROLE, revokerRole: REVOKER_ROLE });
    await migrateSigner({ url, serviceRole: SIGNER_ROLE });
    await migrateVerifier({ url, serviceRole: VERIFIER_ROLE });
    return {
      server,
      logUrl: urlOf(log),
      authorityUrl: urlOf(authority),
      signerUrl: urlOf(signer),
      verifierUrl: urlOf(verifier),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A secret of this folder: made at random where there is none. */
export async function keptSecret(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept !== '') return kept.trim();
  const secret = randomBytes(24).toString('hex');
  await writeDurably(path, secret, 0o600);
  return secret;
}
