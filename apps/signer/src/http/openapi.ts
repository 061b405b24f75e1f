import { z } from 'zod';
import { requestShapes } from './read-order.ts';
import { STATEMENT_MEDIA_TYPE } from './read-statement-order.ts';

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const object = (properties: Schema, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});
const problem = (description: string): Schema => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
const query = (name: string, schema: Schema, description: string): Schema => ({
  name,
  in: 'query',
  description,
  schema,
});
const header = (name: string, description: string): Schema => ({
  name,
  in: 'header',
  description,
  schema: text,
});

/** The very shapes that requests are read by. */
function shapeOf(schema: z.ZodType): Schema {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return shape;
}

interface ObjectShape {
  readonly properties: Schema;
  readonly required?: readonly string[];
}

const KINDS = ['ImageArtifact', 'DigestArtifact', 'StatementArtifact', 'PredicateArtifact'] as const;
const common = shapeOf(requestShapes.common) as unknown as ObjectShape;
const shared = shapeOf(requestShapes.shared) as unknown as ObjectShape;
const artifacts = Object.fromEntries(KINDS.map((kind) => [kind, shapeOf(requestShapes[kind])]));

/** One artifact as the body itself, with what goes for the request as a whole. */
function requestFor(kind: (typeof KINDS)[number]): Schema {
  const { properties, ...rest } = artifacts[kind] as unknown as ObjectShape;
  return { ...rest, properties: { ...properties, ...common.properties } };
}

const listRequest: Schema = {
  ...object(
    {
      artifacts: {
        ...listOf({ anyOf: KINDS.map(ref) }),
        minItems: 1,
        description: 'at most MAX_ARTIFACTS, 1000 unless set',
      },
      ...shared.properties,
      ...common.properties,
    },
    ['artifacts'],
  ),
  additionalProperties: false,
};

const entry = { logIndex: integer, logId: text, entryUuid: text, integratedTime: integer } as const;
const proofs = {
  ...entry,
  furtherEntries: listOf(object(entry, ['logIndex', 'logId'])),
  timestamps: { ...listOf(text), description: 'RFC 3161, base64' },
  bundle: { type: 'object', description: 'Sigstore bundle v0.3' },
} as const;
const stored = object({ tag: text, digest: text });
const answer = {
  image: { ...text, description: 'by its digest' },
  name: text,
  digest: text,
  predicateType: text,
  certificate: object({
    identity: text,
    issuer: text,
    serialNumber: text,
    notBefore: text,
    notAfter: text,
    pem: text,
  }),
  ...proofs,
  signatureManifest: { ...stored, description: 'the .sig tag' },
  attestationManifest: { ...stored, description: 'the .att tag' },
  referrer: {
    ...object({ digest: text, listedBy: { enum: ['api', 'tag'] }, ...proofs }, ['digest', 'listedBy']),
    description:
      'the bundle that refers to the image, with proofs of its own where it is a further signature',
  },
  children: { ...listOf(ref('Answer')), description: 'what lies below an index' },
} as const;
const ANSWERED = ['digest', 'certificate', 'logIndex', 'logId', 'timestamps', 'bundle'] as const;

const schemas = {
  ...artifacts,
  ImageRequest: requestFor('ImageArtifact'),
  DigestRequest: requestFor('DigestArtifact'),
  StatementRequest: requestFor('StatementArtifact'),
  PredicateRequest: requestFor('PredicateArtifact'),
  ListRequest: listRequest,
  Answer: object(answer, ANSWERED),
  Outcome: {
    anyOf: [
      object({ artifact: integer, signed: { const: true }, ...answer }, ['artifact', 'signed', ...ANSWERED]),
      object({ artifact: integer, signed: { const: false }, problem: ref('Problem') }),
    ],
  },
  Outcomes: object({ outcomes: listOf(ref('Outcome')) }),
  Event: {
    ...object(
      {
        event: { enum: ['resolved', 'accepted', 'step', 'outcome', 'end', 'error'] },
        artifact: integer,
        digest: text,
        pieces: integer,
        identity: text,
        issuer: text,
        step: ref('Step'),
        signed: { description: 'of an outcome whether, at the end how many' },
        failed: integer,
        repeated: { type: 'boolean' },
        problem: ref('Problem'),
      },
      ['event'],
    ),
    description: 'one line each; an outcome has the members of an Outcome as well',
  },
  Step: { enum: ['input', 'resolve', 'certificate', 'signature', 'timestamp', 'log', 'push'] },
  Problem: object(
    { type: text, title: text, status: integer, detail: text, field: text, step: ref('Step') },
    ['type', 'title', 'status', 'detail'],
  ),
} as const;

const stream = { schema: ref('Event') } as const;
const signed = (description: string, schema: Schema): Schema => ({
  description,
  content: {
    'application/json': { schema },
    'application/x-ndjson': stream,
    'text/event-stream': stream,
  },
});
const ANSWERS = {
  200: signed('all are signed', { anyOf: [ref('Answer'), ref('Outcomes')] }),
  207: signed('of a list: not all are signed', ref('Outcomes')),
  400: problem('the body, or a token that the authority refuses; `field` names the part'),
  401: problem('no identity token'),
  403: problem('the registry is off limits, or wants credentials'),
  404: problem('no such image'),
  409: problem('the request of this Idempotency-Key is still under way'),
  413: problem('too large'),
  415: problem('another content type is wanted'),
  422: problem('the Idempotency-Key was used for another request'),
  429: problem('the identity has had too much signed'),
  502: problem('a registry, authority or log that lies, fails or takes no push'),
  503: problem('one of them, or the record, cannot be used at the moment; or no room'),
  504: problem('one of them is too slow'),
} as const;

const repeatable = header('Idempotency-Key', '1 to 255 visible characters: a retry signs nothing twice');
const registryAuth = header('X-Registry-Auth', "credentials of one registry, as docker's clients send them");
const version = query('rekorVersion', { enum: ['1', '2'] }, 'the log to sign into');
const DIGEST = `sha256:${'5'.repeat(64)}`;
const predicate = { predicateType: 'custom', predicate: { built: 'here' } };
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'app.tar.gz', digest: { sha256: '5'.repeat(64) } }],
  predicateType: 'https://example.com/checked/v1',
  predicate: { by: 'hand' },
};

const attestations = {
  predicate: { value: { ...predicate, digest: DIGEST, name: 'app.tar.gz' } },
  statement: { value: { statement } },
};

const paths = {
  '/api/v1/sign': {
    post: {
      summary: 'Sign images, digests and attestations, one or many',
      parameters: [repeatable, registryAuth],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              anyOf: [
                'ImageRequest',
                'DigestRequest',
                'StatementRequest',
                'PredicateRequest',
                'ListRequest',
              ].map(ref),
            },
            examples: {
              image: { value: { image: 'registry.example/app:v1', annotations: { commit: '4f2c' } } },
              digest: { value: { digest: DIGEST, name: 'app.tar.gz' } },
              many: { value: { artifacts: [{ digest: DIGEST }, { image: 'registry.example/app:v1' }] } },
              ...attestations,
            },
          },
        },
      },
      responses: ANSWERS,
    },
  },
  '/api/v1/sign/blob': {
    post: {
      summary: 'Sign the body itself, of any size',
      parameters: [repeatable, version, query('name', text, 'what it is called in the answer')],
      requestBody: { required: true, content: { '*/*': { schema: { type: 'string', format: 'binary' } } } },
      responses: { ...ANSWERS, 408: problem('the upload stands still') },
    },
  },
  '/api/v1/attest': {
    post: {
      summary: 'Sign attestations, one or many',
      parameters: [repeatable, registryAuth, { ...version, description: 'with a statement as the body' }],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { anyOf: ['StatementRequest', 'PredicateRequest', 'ListRequest'].map(ref) },
            examples: attestations,
          },
          [STATEMENT_MEDIA_TYPE]: {
            schema: { type: 'object', description: 'an in-toto statement, signed to the byte' },
            examples: { statement: { value: statement } },
          },
        },
      },
      responses: ANSWERS,
    },
  },
  '/signer/openapi.json': {
    get: {
      summary: 'This document',
      security: [],
      responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': {} } } },
    },
  },
} as const;

/** The signer's HTTP API (OpenAPI 3.1). */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Sigstead signer',
    version: '1',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  // A JSON body may hold the token instead, as identityToken.
  security: [{ identityToken: [] }, {}],
  paths,
  components: {
    schemas,
    securitySchemes: {
      identityToken: {
        type: 'http',
        scheme: 'bearer',
        description: 'OIDC token that the certificate authority takes',
      },
    },
  },
} as const;
