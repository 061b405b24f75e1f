import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  canonicalizeJson,
  encodeUtf8,
  EncodingError,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import { OciError, parseImageReference, type Credentials, type ImageReference } from '@sigstead/oci';
import { parseStatement, SigningError, type Annotations } from '@sigstead/signing';
import { parseArtifactDigest, VerificationError, type ArtifactDigest } from '@sigstead/verification';
import { z } from 'zod';
import type { SignerLimits } from '../config.ts';
import type { ArtifactOrder, PredicateOrder, SigningOrder } from '../desk/order.ts';
import type { RepeatableRequest } from '../record/idempotency-record.ts';
import {
  credentialsSchema,
  readIdempotencyKey,
  readRegistryAuth,
  readToken,
  registryNameOf,
} from './read-headers.ts';
import { invalidField, jsonObject, jsonValue, readJson, readShape, texts } from './read-json.ts';

const MAX_NAME_LENGTH = 1024;
const image = z.string().min(1).max(MAX_NAME_LENGTH);
const form = z.enum(['legacy', 'bundle', 'both']).optional();
const digest = z.string().max(160);
const name = z.string().max(MAX_NAME_LENGTH).optional();

/** host/repository[:tag][@digest] */
const imageArtifact = {
  image,
  /** Become part of what is signed. */
  annotations: texts.optional(),
  form,
  recursive: z.boolean().optional(),
};
const digestArtifact = { digest, name };
const statementArtifact = { statement: jsonObject, image: image.optional(), form };
const predicateArtifact = {
  predicateType: z.string().min(1).max(MAX_NAME_LENGTH),
  predicate: jsonValue,
  image: image.optional(),
  digest: digest.optional(),
  name,
  form,
};

/** What goes for the request as a whole. */
const common = {
  /** Here or in the Authorization header. */
  identityToken: z.string().min(1).optional(),
  rekorVersion: z.union([z.literal(1), z.literal(2)], 'want 1 or 2').optional(),
  /** By registry; none of it is kept. */
  registryAuth: z.record(z.string().max(MAX_NAME_LENGTH), credentialsSchema).optional(),
};
const commonNames = Object.keys(common);

/** What a request may hold, as it is read here: by kind of artifact, beside a list of them, and for the request as a whole. */
export const requestShapes = {
  ImageArtifact: z.strictObject(imageArtifact),
  DigestArtifact: z.strictObject(digestArtifact),
  StatementArtifact: z.strictObject(statementArtifact),
  PredicateArtifact: z.strictObject(predicateArtifact),
  shared: z.strictObject({ annotations: texts.optional(), form, recursive: z.boolean().optional() }),
  common: z.strictObject(common),
} as const;

/** A request that was read. */
export interface ReadOrder {
  readonly order: SigningOrder;
  /** Answered with a list, even of one. */
  readonly isList: boolean;
}

/**
 * Reads a request: one artifact as the body itself, or a list of them as `artifacts`. What kind an artifact is follows from its fields.
 *
 * @param route whether images and digests may be signed, or only attestations
 * @throws HttpProblem 400 naming the field, 401 without a token
 */
export function readOrder(
  body: Uint8Array | undefined,
  headers: IncomingHttpHeaders,
  route: 'sign' | 'attest',
  limits: SignerLimits,
): ReadOrder {
  const value = readShape(jsonObject, readJson(body, limits.maxRequestBytes));
  const isList = Object.hasOwn(value, 'artifacts');
  const shared = Object.fromEntries(Object.entries(value).filter(([key]) => commonNames.includes(key)));
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !commonNames.includes(key)));
  const { identityToken, rekorVersion, registryAuth } = readShape(requestShapes.common, shared);
  const artifacts = isList ? readArtifacts(rest, route, limits) : [readArtifact(rest, route, [])];
  const token = readToken(identityToken, headers.authorization);
  return {
    isList,
    order: {
      route,
      artifacts,
      token,
      rekorVersion,
      registryCredentials: new Map([...readRegistryAuth(headers), ...readCredentials(registryAuth)]),
      repeatable: readRepeatable(headers, [route, rest, rekorVersion ?? null]),
    },
  };
}

/**
 * The request as one that may be repeated: by the caller's key, and all that is asked for. Tokens and credentials are no part of it.
 *
 * @throws HttpProblem 400
 */
export function readRepeatable(
  headers: IncomingHttpHeaders,
  asked: JsonValue,
): RepeatableRequest | undefined {
  const key = readIdempotencyKey(headers);
  return key === undefined ? undefined : { key, fingerprint: fingerprintOf(asked) };
}

function fingerprintOf(asked: JsonValue): Uint8Array {
  try {
    return createHash('sha256').update(canonicalizeJson(asked)).digest();
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw invalidField('body', 'the body has a text that is not well-formed Unicode', cause);
  }
}

function readArtifacts(
  rest: JsonObject,
  route: 'sign' | 'attest',
  { maxArtifacts }: SignerLimits,
): ArtifactOrder[] {
  // What all artifacts share may be said once.
  const { artifacts, ...defaults } = rest;
  const list = readShape(z.array(jsonObject).min(1, 'want at least one').max(maxArtifacts), artifacts, [
    'artifacts',
  ]);
  readShape(requestShapes.shared, defaults);
  return list.map((one, at) => {
    const path = ['artifacts', String(at)];
    const isImage =
      !Object.hasOwn(one, 'statement') && !Object.hasOwn(one, 'predicate') && Object.hasOwn(one, 'image');
    const wanted = isImage
      ? ['annotations', 'form', 'recursive']
      : Object.hasOwn(one, 'image')
        ? ['form']
        : [];
    const inherited = Object.fromEntries(Object.entries(defaults).filter(([key]) => wanted.includes(key)));
    return readArtifact({ ...inherited, ...one }, route, path);
  });
}

function readArtifact(value: JsonObject, route: 'sign' | 'attest', path: readonly string[]): ArtifactOrder {
  if (Object.hasOwn(value, 'statement')) return readStatement(value, path);
  if (Object.hasOwn(value, 'predicate') || Object.hasOwn(value, 'predicateType') || route === 'attest')
    return readPredicate(value, path);
  if (Object.hasOwn(value, 'digest')) {
    const read = readShape(requestShapes.DigestArtifact, value, path);
    return { kind: 'digest', digest: readDigest(read.digest, [...path, 'digest']), name: read.name };
  }
  if (!Object.hasOwn(value, 'image'))
    throw invalidField(
      [...path, 'image'].join('.'),
      'want what is to be signed: image, digest, statement, or predicateType with predicate',
    );
  const read = readShape(requestShapes.ImageArtifact, value, path);
  const annotations: Annotations = read.annotations ?? {};
  return {
    kind: 'image',
    image: readImage(read.image, [...path, 'image']),
    annotations,
    form: read.form,
    recursive: read.recursive ?? false,
  };
}

function readStatement(value: JsonObject, path: readonly string[]): ArtifactOrder {
  const read = readShape(requestShapes.StatementArtifact, value, path);
  const where = [...path, 'statement'];
  return {
    kind: 'statement',
    statement: fieldOf(where, () => parseStatement(encodeUtf8(JSON.stringify(read.statement)))),
    image: read.image === undefined ? undefined : readImage(read.image, [...path, 'image']),
    form: read.form,
  };
}

function readPredicate(value: JsonObject, path: readonly string[]): PredicateOrder {
  const read = readShape(requestShapes.PredicateArtifact, value, path);
  const { predicateType, predicate } = read;
  const field = [...path, 'image'].join('.');
  if ((read.image === undefined) === (read.digest === undefined))
    throw invalidField(field, 'a predicate is about an image or about a digest: want one of the two');
  if (read.image !== undefined) {
    if (read.name !== undefined) throw invalidField([...path, 'name'].join('.'), 'an image has its own name');
    return {
      kind: 'predicate',
      predicateType,
      predicate,
      about: { image: readImage(read.image, [...path, 'image']) },
      form: read.form,
    };
  }
  if (read.form !== undefined)
    throw invalidField([...path, 'form'].join('.'), 'only beside an image there are forms');
  const { algorithm } = readDigest(read.digest ?? '', [...path, 'digest']);
  const [, hex = ''] = (read.digest ?? '').split(':');
  const subject = { ...(read.name !== undefined && { name: read.name }), digest: { [algorithm]: hex } };
  return { kind: 'predicate', predicateType, predicate, about: { subject }, form: undefined };
}

function readImage(text: string, path: readonly string[]): ImageReference {
  return fieldOf(path, () => parseImageReference(text));
}

function readDigest(text: string, path: readonly string[]): ArtifactDigest {
  return fieldOf(path, () => parseArtifactDigest(text));
}

/** Puts the field's name to what a core lib finds wrong with its value. */
function fieldOf<T>(path: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const known = [OciError, VerificationError, SigningError].some((type) => cause instanceof type);
    if (!known) throw cause;
    throw invalidField(path.join('.'), (cause as Error).message, cause);
  }
}

function readCredentials(given: Record<string, Credentials> = {}): [string, Credentials][] {
  return Object.entries(given).map(([registry, credentials]) => [registryNameOf(registry), credentials]);
}
