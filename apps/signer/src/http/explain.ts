import { ClientError } from '@sigstead/client';
import { OciError, type OciErrorCode } from '@sigstead/oci';
import { HttpProblem } from '@sigstead/server';
import { SigningError, type SigningStep } from '@sigstead/signing';

/** What is asked in a step, in the words of an answer: internal host names stay inside. */
const ASKED: Readonly<Record<SigningStep, string>> = {
  input: 'the request',
  resolve: 'the registry',
  certificate: 'the certificate authority',
  signature: 'the signer',
  log: 'the transparency log',
  push: 'the registry',
};

const REGISTRY_STATUS: Readonly<Record<OciErrorCode, number>> = {
  REFERENCE: 400,
  NOT_FOUND: 404,
  UNAUTHORIZED: 403,
  REFUSED: 403,
  UNREACHABLE: 503,
  TIMEOUT: 504,
  STATUS: 502,
  TOO_LARGE: 502,
  DIGEST_MISMATCH: 502,
  MALFORMED: 502,
  CONFLICT: 503,
};

/** Errors of the signing sequence as answers; `step` says where it stopped. Nothing was pushed in any of them. */
export function explain(error: unknown): HttpProblem | undefined {
  if (error instanceof OciError) return registryProblem('resolve', error, error);
  if (!(error instanceof SigningError)) return undefined;
  const { step, code, cause } = error;
  if (code === 'TOKEN') return inputProblem('identityToken', 'identity-token-refused', error);
  if (code === 'ANNOTATIONS') return inputProblem('annotations', 'invalid-request', error);
  if (cause instanceof OciError) return registryProblem(step, cause, error);
  if (cause instanceof ClientError) return serviceProblem(step, cause, error);
  return problem(
    502,
    `${ASKED[step]} gave an answer that does not hold: ${error.message}`,
    'invalid-answer',
    step,
    error,
  );
}

function inputProblem(field: string, type: string, error: SigningError): HttpProblem {
  return new HttpProblem(400, error.message, { type, field, cause: error, extra: { step: error.step } });
}

/** Registries are named by the caller, so what they say may be passed on. */
function registryProblem(step: SigningStep, { code, message }: OciError, error: Error): HttpProblem {
  // Once the image was found, a 404 means that the registry does not take pushes there.
  const status = code === 'NOT_FOUND' && step === 'push' ? 502 : REGISTRY_STATUS[code];
  const type =
    code === 'NOT_FOUND' && step === 'resolve'
      ? 'image-not-found'
      : `registry-${code.toLowerCase().replaceAll('_', '-')}`;
  return problem(status, message, type, step, error);
}

function serviceProblem(
  step: SigningStep,
  { code, status = 0, serverMessage }: ClientError,
  error: Error,
): HttpProblem {
  const asked = ASKED[step];
  switch (code) {
    case 'UNREACHABLE':
      return problem(503, `${asked} cannot be reached`, 'unreachable', step, error);
    case 'TIMEOUT':
      return problem(504, `${asked} did not answer in time`, 'timeout', step, error);
    case 'STATUS':
      break;
    default:
      return problem(502, `${asked} gave an answer that cannot be used`, 'invalid-answer', step, error);
  }
  // Our key and our proof are sound: what the authority refuses as bad input is the caller's token.
  if (step === 'certificate' && status >= 400 && status < 500 && status !== 429) {
    const detail = `${asked} refused the request: ${serverMessage ?? `status ${status}`}`;
    return new HttpProblem(400, detail, {
      type: 'identity-token-refused',
      field: 'identityToken',
      cause: error,
      extra: { step },
    });
  }
  const busy = status === 429 || status === 503;
  return problem(
    busy ? 503 : 502,
    `${asked} failed with status ${status}`,
    busy ? 'unavailable' : 'failed',
    step,
    error,
  );
}

function problem(status: number, detail: string, type: string, step: SigningStep, cause: Error): HttpProblem {
  return new HttpProblem(status, detail, { type, cause, extra: { step } });
}
