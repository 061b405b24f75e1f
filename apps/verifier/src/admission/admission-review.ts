import { EncodingError, isJsonObject, parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';

/**
 * API servers take objects of up to 3 MiB, and an update comes with the old one too; both with what the server notes of their fields.
 * What is larger cannot be changed any more, so this must not be less than they let in.
 */
export const MAX_REVIEW_BYTES = 8 * 1024 * 1024;

const API_VERSION = 'admission.k8s.io/v1';
const KIND = 'AdmissionReview';

/** What the API server asks (AdmissionReview of admission.k8s.io/v1), as far as it matters here. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  /** `<group>/<kind>`, the core group being empty. */
  readonly kind: string;
  /** Undefined for objects that belong to the whole cluster. */
  readonly namespace: string | undefined;
  readonly object: JsonValue;
  readonly oldObject: JsonValue;
}

/** The answer to a review. */
export interface AdmissionDecision {
  readonly allowed: boolean;
  /** For the person who is refused. */
  readonly message?: string;
  readonly warnings?: readonly string[];
  /** For the audit log of the API server, by a short name. */
  readonly audit?: Readonly<Record<string, string>>;
}

/** A review that can be answered and not understood. */
export class UnreadableReview extends Error {
  override readonly name = 'UnreadableReview';
  readonly uid: string;

  constructor(uid: string, message: string) {
    super(message);
    this.uid = uid;
  }
}

/**
 * @throws HttpProblem 400 when there is not even a uid to answer to; UnreadableReview for anything else
 */
export function parseAdmissionReview(body: Uint8Array): AdmissionRequest {
  const review = parseBody(body);
  const request = isJsonObject(review) ? own(review, 'request') : undefined;
  const uid = isJsonObject(request) ? own(request, 'uid') : undefined;
  if (
    !isJsonObject(review) ||
    !isJsonObject(request) ||
    typeof uid !== 'string' ||
    !/^[!-~]{1,128}$/.test(uid)
  ) {
    throw new HttpProblem(400, 'want an AdmissionReview with a request that has a uid', {
      type: 'malformed-review',
      field: 'request.uid',
    });
  }
  if (own(review, 'apiVersion') !== API_VERSION || own(review, 'kind') !== KIND) {
    throw new UnreadableReview(uid, `this is no ${KIND} of ${API_VERSION}`);
  }
  const kind = own(request, 'kind');
  if (!isJsonObject(kind)) throw new UnreadableReview(uid, 'the review names no kind');
  const namespace = own(request, 'namespace');
  return {
    uid,
    operation: text(request, 'operation', uid),
    kind: `${optionalText(kind, 'group')}/${text(kind, 'kind', uid)}`,
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : undefined,
    object: own(request, 'object') ?? null,
    oldObject: own(request, 'oldObject') ?? null,
  };
}

const MAX_AUDIT_LENGTH = 2048;

/** The review as it is sent back. */
export function admissionResponse(uid: string, decision: AdmissionDecision): object {
  const { allowed, message, warnings = [], audit = {} } = decision;
  const annotations = Object.entries(audit).map(([name, value]) => [name, value.slice(0, MAX_AUDIT_LENGTH)]);
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    response: {
      uid,
      allowed,
      ...(allowed
        ? {}
        : { status: { status: 'Failure', code: 403, reason: 'Forbidden', message: message ?? '' } }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(annotations.length === 0 ? {} : { auditAnnotations: Object.fromEntries(annotations) }),
    },
  };
}

function parseBody(body: Uint8Array): JsonValue {
  try {
    return parseJson(body, {
      maxBytes: MAX_REVIEW_BYTES,
      maxDepth: 64,
      maxValues: 600_000,
      uniqueMembers: true,
    });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `request body: ${cause.message}`, { type: 'malformed-json', cause });
  }
}

function text(parent: JsonObject, field: string, uid: string): string {
  const value = own(parent, field);
  if (typeof value === 'string' && value !== '') return value;
  throw new UnreadableReview(uid, `the review has no ${field}`);
}

function optionalText(parent: JsonObject, field: string): string {
  const value = own(parent, field);
  return typeof value === 'string' ? value : '';
}

function own(parent: JsonObject, field: string): JsonValue | undefined {
  return Object.hasOwn(parent, field) ? parent[field] : undefined;
}
