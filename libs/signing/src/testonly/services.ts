import { chooseServices, type ServiceAccess } from '../choose-services.ts';
import { SigningError, type SigningErrorCode, type SigningStep } from '../errors.ts';
import type { SigningServices } from '../services.ts';
import { makeToken, type SmallSigstore } from './small-sigstore.ts';

/** The services of a signing config that names them. */
export function servicesOf(
  fetch: ServiceAccess['fetch'],
  sigstore: SmallSigstore,
  version: 1 | 2 = 1,
  timestamped?: boolean,
  timeoutMs = 20_000,
): SigningServices {
  return chooseServices(sigstore.signingConfig(version, timestamped), {
    fetch,
    timeoutsMs: { certificate: timeoutMs, timestamp: timeoutMs, log: timeoutMs },
    trustedRoot: sigstore.trustedRoot,
    clock: () => sigstore.now,
  });
}

/** The SigningError that work fails with; it never shows the token. */
export async function failure(
  work: Promise<unknown>,
  step: SigningStep,
  code: SigningErrorCode,
): Promise<SigningError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const got = error instanceof SigningError ? `${error.step} ${error.code}` : 'no SigningError';
  if (!(error instanceof SigningError) || error.step !== step || error.code !== code)
    throw new Error(`want SigningError ${step} ${code}, got ${got}: ${String(error)}`, { cause: error });
  if (String(error.stack).includes(makeToken())) throw new Error('the error shows the token');
  return error;
}
