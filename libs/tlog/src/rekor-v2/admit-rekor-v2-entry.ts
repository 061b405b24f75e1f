import { digest as digestOf, digestSize, type KeyDetails } from '@sigstead/crypto';
import { type JsonLimits } from '@sigstead/encoding';
import { type AdmittedEntry } from '../admit-entry.ts';
import { isDigestSigned } from '../digest-signature.ts';
import { preAuthEncoding } from '../dsse-envelope.ts';
import { assertVerifiersAllowed, type EntryPolicy } from '../entry-policy.ts';
import { type EntryPolicyCode, EntryPolicyError, TlogError } from '../errors.ts';
import { statementDigests } from '../in-toto-statement.ts';
import { normalizeIndexKeys } from '../index-keys.ts';
import { sha256Of } from '../spec-hash.ts';
import { type X509Verifier } from '../x509-verifier.ts';
import {
  readDsseRequest,
  readHashedRekordRequest,
  readRequestSpec,
  type RequestKind,
  type RequestSpec,
} from './create-entry-request.ts';
import {
  canonicalHashedRekordV002,
  hashedRekordV002IndexKeys,
  type HashedRekordV002,
} from './hashed-rekord-v002.ts';
import { parseRequestJson } from './parse-request-json.ts';
import { type RequestMessage } from './request-message.ts';
import { algorithmOfKey, openVerifier, statedAlgorithm } from './request-verifier.ts';

/** Kinds of requests a Rekor v2 log may take. */
export const REKOR_V2_REQUEST_KINDS: readonly [RequestKind, RequestKind] = ['hashedrekord', 'dsse'];

/** An entry bundle gives each entry a length of 16 bits (C2SP tlog-tiles). */
export const MAX_REKOR_V2_ENTRY = 65_535;

/** What is logged, and what else it can be found by. */
interface CheckedEntry {
  readonly entry: HashedRekordV002;
  readonly verifier: X509Verifier;
  readonly furtherKeys: readonly string[];
}

/**
 * Everything between the body of a CreateEntry request and the queue: JSON, kind, fields, key, algorithm, digest, signature, who may
 * log, size. Messages begin with what stock Rekor v2 answers, and go on with the field that is at fault.
 *
 * @throws TlogError JSON, LIMIT, KIND_UNKNOWN, then SPEC, VERIFIER, SIGNATURE; EntryPolicyError; then LIMIT
 */
export function admitRekorV2Entry(body: Uint8Array, limits: JsonLimits, policy: EntryPolicy): AdmittedEntry {
  const { kind, message } = readKind(body, limits, policy);
  const { entry, verifier, furtherKeys } = explained(`invalid ${kind} request`, () => {
    const checked = kind === 'dsse' ? checkDsse(message, policy) : checkHashedRekord(message, policy);
    assertVerifiersAllowed([checked.verifier], policy);
    return checked;
  });
  const canonicalBody = canonicalHashedRekordV002(entry);
  assertBundled(canonicalBody);
  const indexKeys = [...hashedRekordV002IndexKeys(entry, verifier), ...furtherKeys];
  return { canonicalBody, indexKeys: [...new Set(indexKeys)], attestation: undefined };
}

/** A kind that is switched off is as unknown as one that is not there. */
function readKind(body: Uint8Array, limits: JsonLimits, policy: EntryPolicy): RequestSpec {
  const kinds = REKOR_V2_REQUEST_KINDS.filter((kind) => policy.kinds?.includes(kind) ?? true);
  const spec = body.length === 0 ? undefined : readRequestSpec(parseRequestJson(body, limits));
  if (spec !== undefined && kinds.includes(spec.kind)) return spec;
  const wanted = kinds.length > 1 ? `either ${kinds.join(' or ')}` : kinds.join('');
  throw new TlogError('KIND_UNKNOWN', `invalid type, must be ${wanted}`);
}

function checkHashedRekord(message: RequestMessage, policy: EntryPolicy): CheckedEntry {
  const request = readHashedRekordRequest(message);
  const verifier = openVerifier(request.verifier);
  const algorithm = statedAlgorithm(request.verifier, verifier, policy);
  assertDigestLength(request.digest, algorithm, message.at('digest'));
  const entry = { ...request, algorithm };
  assertSigned(entry, verifier, message.at('signature.content'));
  return { entry, verifier, furtherKeys: [] };
}

/**
 * An envelope is logged as what it is a form of: a signature over a digest, that of the pre-authentication encoding. Verifiers rebuild
 * the entry from the envelope in a bundle.
 */
function checkDsse(message: RequestMessage, policy: EntryPolicy): CheckedEntry {
  const request = readDsseRequest(message);
  const { payloadType, payload, signature } = request;
  const verifier = openVerifier(request.verifier);
  const algorithm = algorithmOfKey(verifier, request.verifier.path, policy);
  const digest = digestOf(algorithm.hash, preAuthEncoding(payloadType, payload));
  const entry = { digest, signature, verifier: request.verifier, algorithm };
  assertSigned(entry, verifier, message.at('envelope.signatures.0.sig'));
  const { value } = sha256Of(payload);
  const furtherKeys = normalizeIndexKeys([`sha256:${value}`, ...statementDigests(payloadType, payload)]);
  return { entry, verifier, furtherKeys };
}

function assertDigestLength(digest: Uint8Array, { name, hash }: KeyDetails, field: string): void {
  const want = digestSize(hash);
  if (digest.length === want) return;
  throw new TlogError('SPEC', `${field} has ${digest.length} bytes, want ${want} for ${name}`, { field });
}

function assertSigned(
  { digest, signature, algorithm }: HashedRekordV002,
  { publicKey }: X509Verifier,
  field: string,
): void {
  if (isDigestSigned(publicKey, algorithm.hash, digest, signature)) return;
  throw new TlogError(
    'SIGNATURE',
    `verifying signature: ${field} is not by this key over the ${algorithm.hash} digest`,
    { field },
  );
}

function assertBundled({ length }: Uint8Array): void {
  if (length <= MAX_REKOR_V2_ENTRY) return;
  throw new TlogError(
    'LIMIT',
    `invalid entry: its canonical form has ${length} bytes, at most ${MAX_REKOR_V2_ENTRY} are taken`,
  );
}

/** Puts what stock Rekor answers before the reason, which it keeps to itself. */
function explained<T>(answer: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause;
    const message = `${answer}: ${cause.message}`;
    if (cause instanceof EntryPolicyError) throw new EntryPolicyError(cause.code as EntryPolicyCode, message);
    throw new TlogError(cause.code, message, {
      cause,
      ...(cause.field === undefined ? {} : { field: cause.field }),
    });
  }
}
