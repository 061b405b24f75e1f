import { decodeUtf8, EncodingError } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { compileImagePolicy, PolicyError, type ImagePolicyDocument } from '@sigstead/verification';
import { parseImagePolicyDocument } from '@sigstead/verification/policy-documents';

/**
 * A policy document that makes sense.
 *
 * @throws HttpProblem 400 naming the field of the document
 */
export function readPolicyDocument(body: Uint8Array | undefined): ImagePolicyDocument {
  return explainPolicy('', () => {
    const document = parseImagePolicyDocument(textOf(body));
    compileImagePolicy(document);
    assertStorable(document);
    return document;
  });
}

/** Bytes of a request as text. @throws HttpProblem 400 */
export function textOf(body: Uint8Array | undefined): string {
  try {
    return decodeUtf8(body ?? new Uint8Array());
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `request body: ${cause.message}`, { type: 'malformed-json', cause });
  }
}

/**
 * Has an error of a policy name the field as the caller wrote it.
 *
 * @param place of the policy in the request
 * @throws HttpProblem 400
 */
export function explainPolicy<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof PolicyError) || cause.code !== 'POLICY_INVALID') throw cause;
    const field = [place, cause.field].filter((part) => part !== '').join('.');
    throw new HttpProblem(400, cause.message, {
      type: 'invalid-policy',
      cause,
      ...(field === '' ? {} : { field }),
    });
  }
}

/** PostgreSQL stores no NUL, and none has a place in what a policy compares with. */
function assertStorable(document: ImagePolicyDocument): void {
  if (!JSON.stringify(document).includes('\\u0000')) return;
  throw new HttpProblem(400, 'a text of the policy has a NUL character', { type: 'invalid-policy' });
}
