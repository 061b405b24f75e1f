import type { Preset } from './preset.ts';

export const kubernetes: Preset = { type: 'kubernetes', issuerUrl: 'https://kubernetes.default.svc' };

/** SPIRE's discovery provider; the trust domain is the operator's to say. */
export const spiffe: Preset = { type: 'spiffe', issuerUrl: 'https://<discovery host>' };

export const google: Preset = { type: 'email', issuerUrl: 'https://accounts.google.com' };

export const keycloak: Preset = { type: 'email', issuerUrl: 'https://<host>/realms/<realm>' };

/** Sends addresses of the directory without saying that they are verified. */
export const entra: Preset = {
  type: 'email',
  issuerUrl: 'https://login.microsoftonline.com/<tenant>/v2.0',
  skipEmailVerification: true,
};
