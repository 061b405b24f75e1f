export { DEFAULT_LIMITS, type ServiceAddresses, type SignerConfig, type SignerLimits } from './config.ts';
export { createSigner, type SignerDependencies } from './create-signer.ts';
export { migrateSigner, type MigrateSignerOptions } from './record/migrate.ts';
