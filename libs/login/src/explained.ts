import { AuthorizationResponseError, ResponseBodyError, WWWAuthenticateChallengeError } from 'oauth4webapi';
import { LoginError, quote, type LoginErrorCode } from './errors.ts';

/**
 * Runs a step of the OAuth library. Its errors carry whole answers, tokens included, as their causes: they end here, and only
 * what they say goes on.
 *
 * @param code when the answer is none of OAuth's
 * @throws LoginError
 */
export async function explained<T>(code: LoginErrorCode, what: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof LoginError) throw error;
    if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
      throw new LoginError('DENIED', `${what}: ${spoken(error.error, error.error_description)}`);
    }
    if (error instanceof WWWAuthenticateChallengeError) {
      throw new LoginError('DENIED', `${what}: the client is not accepted (${error.status})`);
    }
    throw new LoginError(code, `${what}: ${error instanceof Error ? error.message : 'unknown failure'}`);
  }
}

/** RFC 6749 sections 4.1.2.1 and 5.2. */
function spoken(error: string, description: string | undefined): string {
  return description === undefined ? quote(error) : `${quote(error)} ${quote(description)}`;
}
