import { encodeBase64Url } from '@sigstead/encoding';
import { calculatePKCECodeChallenge } from 'oauth4webapi';
import type { LoginAccess } from './access.ts';

/** RFC 7636 section 4. */
export interface ProofKey {
  readonly verifier: string;
  readonly parameters: { readonly code_challenge: string; readonly code_challenge_method: 'S256' };
}

export async function createProofKey(access: LoginAccess): Promise<ProofKey> {
  const verifier = randomText(access);
  return {
    verifier,
    parameters: { code_challenge: await calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
  };
}

/** 256 bits that nobody guesses, as 43 characters of base64url. */
export function randomText({ randomBytes }: LoginAccess): string {
  return encodeBase64Url(Uint8Array.from(randomBytes(32)));
}
