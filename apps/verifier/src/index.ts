export { environmentSchema, type VerifierConfig } from './config.ts';
export { createVerifier, type VerifierDependencies } from './create-verifier.ts';
export { migrateVerifier, type MigrateVerifierOptions } from './policies/migrate.ts';
export type { ArtifactAnswer, ImageAnswer, VerifyAnswer } from './verification-desk.ts';
