import { ClientError } from '@sigstead/client';
import type { JsonObject } from '@sigstead/encoding';
import { OciError, type OciErrorCode } from '@sigstead/oci';
import { HttpProblem, problemJsonErrors } from '@sigstead/server';
import { SigningError, type SigningErrorCode, type SigningStep } from '@sigstead/signing';
import { explainRecordError } from '../record/record-error.ts';

/** What is asked in a step, in the words of an answer: internal host names stay inside. */
const ASKED: Readonly<Record<SigningStep, string>> = {
  input: 'the request',
  resolve: 'the registry',
  certificate: 'the certificate authority',
  signature: 'the signer',
  timestamp: 'the timestamp authority',
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

/** What in a request is wrong, by the field that says it. */
const INPUT_FIELDS: Partial<Record<SigningErrorCode, { type: string; field: string }>> = {
  TOKEN: { type: 'identity-token-refused', field: 'identityToken' },
  ANNOTATIONS: { type: 'invalid-request', field: 'annotations' },
  ARTIFACT: { type: 'invalid-request', field: 'form' },
  STATEMENT: { type: 'invalid-request', field: 'statement' },
  PREDICATE: { type: 'invalid-request', field: 'predicate' },
};

/** Errors of the signing sequence as answers; `step` says where it stopped. */
export function explain(error: unknown): HttpProblem | undefined {
  if (error instanceof OciError) return registryProblem('resolve', error, error);
  if (!(error instanceof SigningError)) return explainRecordError(error);
  const { step, code, cause } = error;
  const input = INPUT_FIELDS[code];
  if (input !== undefined)
    return new HttpProblem(400, error.message, { ...input, cause: error, extra: { step } });
  if (code === 'SERVICES')
    return problem(503, 'the signer is not set up to sign this way at the moment', 'not-set-up', step, error);
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

/** The same as a JSON object, for an artifact among others. */
export function problemOf(error: SigningError | OciError): JsonObject {
  const explained = explain(error);
  if (explained === undefined) throw error;
  return JSON.parse(problemJsonErrors.render(explained).body) as JsonObject;
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
