export type { SignerConfig } from './config.ts';
export { createSigner, type SignerDependencies } from './create-signer.ts';
