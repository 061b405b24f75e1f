export type { CertificateAuthorityConfig } from './config.ts';
export {
  createCertificateAuthority,
  type CertificateAuthority,
  type CertificateAuthorityDependencies,
} from './create-certificate-authority.ts';
export { migrateCertificateAuthority, type MigrateCertificateAuthorityOptions } from './record/migrate.ts';
export { revokeCommand, type CommandEnvironment } from './revocation/revoke-command.ts';
export { timestampEnvironmentSchema, type TimestampAuthorityConfig } from './timestamp/config.ts';
export {
  createTimestampAuthority,
  type TimestampAuthorityDependencies,
} from './timestamp/create-timestamp-authority.ts';
