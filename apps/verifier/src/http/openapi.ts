import { githubFields, PREDICATE_TYPES } from '@sigstead/verification';
import { MAX_BOUND_POLICIES } from '../policies/binding-store.ts';
import { MAX_BATCH } from './verify-request.ts';

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const texts = { type: 'object', additionalProperties: text } as const;
const oneOrMore = { oneOf: [text, { type: 'array', items: text, minItems: 1 }] } as const;
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const object = (properties: Schema, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});
const closed = (properties: Schema, required: readonly string[]): Schema => ({
  ...object(properties, required),
  additionalProperties: false,
});
const json = (schema: Schema): Schema => ({ 'application/json': { schema } });
const answer = (description: string, schema: Schema): Schema => ({ description, content: json(schema) });
const asText = (schema: Schema): Schema => ({ ...json(schema), 'text/plain': { schema: text } });
const problem = (description: string): Schema => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
const pathText = (name: string): Schema => ({ name, in: 'path', required: true, schema: text });
const query = (name: string, schema: Schema): Schema => ({ name, in: 'query', schema });
const precondition: readonly Schema[] = [
  {
    name: 'If-Match',
    in: 'header',
    description: 'version that is expected, in quotation marks, or *',
    schema: text,
  },
  { name: 'If-None-Match', in: 'header', description: '* for what must not be there yet', schema: text },
];
const admin = { security: [{ policyAdministrator: [] }] } as const;

const BODY_TROUBLE = {
  408: problem('the body does not arrive'),
  413: problem('it is too large'),
  415: problem('another content type is wanted'),
};

const REGISTRY_TROUBLE = {
  403: problem('the registry is off limits'),
  404: problem('the registry has no such image, or there is no such policy'),
  502: problem('the registry does not answer, or answers nonsense'),
  503: problem('the list of revocations is out of date, or the database away'),
  504: problem('the registry takes too long'),
};

const policyProperties = {
  identity: text,
  identityRegexp: { ...text, description: 'RE2, searched for anywhere unless anchored' },
  issuer: text,
  issuerRegexp: text,
  anchored: { type: 'boolean', description: 'patterns must match the whole value' },
  anyIdentity: { type: 'boolean' },
  extensions: { ...texts, description: 'certificate extensions by claim, such as sourceRepositoryUri' },
  extensionsRegexp: texts,
  github: { ...texts, description: `facts of a GitHub Actions run: ${githubFields.join(', ')}` },
  githubRegexp: texts,
  key: { ...oneOrMore, description: 'PEM of managed keys, in place of identities' },
  annotations: texts,
  predicateType: {
    ...oneOrMore,
    description: `an attestation is wanted: a URI, or ${Object.keys(PREDICATE_TYPES).join(', ')}`,
  },
  predicate: listOf(object({ path: text }, ['path'])),
  actor: { ...text, description: 'who started the build, by its provenance' },
  actorId: text,
} as const;

const verdictProperties = {
  verified: { type: 'boolean' },
  digest: text,
  steps: listOf(ref('Step')),
  signatures: listOf(ref('SignatureVerdict')),
  text: { ...text, description: 'the same for people' },
} as const;

const schemas = {
  Policy: closed(policyProperties, []),
  PolicyReference: closed({ name: text, version: { type: 'integer', minimum: 1 } }, ['name']),
  VerifyRequest: {
    oneOf: [
      closed({ image: text, policy: { oneOf: [ref('Policy'), ref('PolicyReference')] } }, [
        'image',
        'policy',
      ]),
      closed({ image: text, policyName: text }, ['image', 'policyName']),
      closed(
        {
          digest: { ...oneOrMore, description: 'sha256:<hex>, sha384 or sha512; several of one artifact' },
          bundle: { type: 'object', description: 'Sigstore bundle 0.1, 0.2 or 0.3' },
          policy: ref('Policy'),
        },
        ['digest', 'bundle', 'policy'],
      ),
    ],
  },
  Step: object(
    {
      name: {
        ...text,
        enum: [
          'retrieval',
          'certificate-chain',
          'identity-extraction',
          'signature',
          'log-entry',
          'policy',
          'result',
        ],
      },
      title: text,
      outcome: { ...text, enum: ['passed', 'failed', 'skipped'] },
      reason: text,
      code: { ...text, description: 'what failed, from a closed set' },
      evidence: {
        type: 'object',
        description: 'what a passed step found: times, log index, identity, chain',
      },
    },
    ['name', 'title', 'outcome', 'reason'],
  ),
  SignatureVerdict: object(
    { source: text, verified: { type: 'boolean' }, trustRoot: text, steps: listOf(ref('Step')) },
    ['source', 'verified', 'steps'],
  ),
  ImageVerdict: object({ image: text, ...verdictProperties, cached: { type: 'boolean' } }),
  ArtifactVerdict: object(verdictProperties),
  PolicyVerdict: object(
    {
      image: text,
      verified: { type: 'boolean' },
      digest: text,
      applies: { type: 'boolean' },
      policy: ref('PolicyReference'),
      decision: { type: 'object' },
      signatures: listOf(ref('SignatureVerdict')),
      text,
    },
    ['image', 'verified', 'digest', 'applies', 'policy', 'decision', 'signatures', 'text'],
  ),
  // An image's answer has all that an artifact's has, and more.
  Verdict: { anyOf: [ref('ImageVerdict'), ref('ArtifactVerdict'), ref('PolicyVerdict')] },
  ImagePolicy: {
    type: 'object',
    description: 'sigstead.dev/v1 ImagePolicy, see docs/policies.md',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
  },
  PolicyVersion: object(
    {
      name: text,
      version: { type: 'integer' },
      author: text,
      recordedAt: { ...text, format: 'date-time' },
      mode: { ...text, enum: ['enforce', 'warn'] },
      description: text,
      deleted: { type: 'boolean', description: 'this version took the policy away' },
      document: ref('ImagePolicy'),
    },
    ['name', 'version', 'author', 'recordedAt'],
  ),
  PolicyBinding: object(
    {
      namespace: text,
      version: { type: 'integer' },
      author: text,
      recordedAt: { ...text, format: 'date-time' },
      policies: listOf(text),
      deleted: { type: 'boolean' },
    },
    ['namespace', 'version', 'author', 'recordedAt'],
  ),
  Problem: object({ type: text, title: text, status: { type: 'integer' }, detail: text, field: text }, [
    'type',
    'title',
    'status',
    'detail',
  ]),
} as const;

const verifyAnswers = {
  400: problem('request or policy make no sense; `field` names the part'),
  ...BODY_TROUBLE,
};

const page = [query('limit', { type: 'integer', minimum: 1, maximum: 200 }), query('after', text)];

const BAD_QUERY = { 400: problem('a parameter is not usable; `field` names it') };

const KEPT = {
  501: problem('no policies are kept here'),
  503: problem('the database is away'),
} as const;

const CHANGE = {
  ...KEPT,
  400: problem('it makes no sense; `field` names the part'),
  401: problem('no token of an administrator of policies'),
  403: problem('policies are only read here'),
  412: problem('at another version than the one in If-Match'),
  428: problem('it exists, and If-Match does not say at which version'),
} as const;

const paths = {
  '/api/v1/verify': {
    post: {
      summary: 'Verify an image, or an artifact by digest and bundle',
      requestBody: { required: true, content: json(ref('VerifyRequest')) },
      responses: {
        200: {
          description: 'a verification was carried out: read `verified`',
          content: asText(ref('Verdict')),
        },
        ...verifyAnswers,
        ...REGISTRY_TROUBLE,
        501: problem('no policies are kept here'),
      },
    },
  },
  '/api/v1/verify/batch': {
    post: {
      summary: 'Verify many, each by itself',
      requestBody: {
        required: true,
        content: json(
          closed({ requests: { ...listOf(ref('VerifyRequest')), minItems: 1, maxItems: MAX_BATCH } }, [
            'requests',
          ]),
        ),
      },
      responses: {
        200: answer(
          'one answer per request, in their order, each with the `status` it would have got alone',
          object({ results: listOf({ anyOf: [ref('Verdict'), ref('Problem')] }) }),
        ),
        400: problem('no list of requests, or too many'),
        ...BODY_TROUBLE,
      },
    },
  },
  '/api/v1/verify/blob': {
    post: {
      summary: 'Verify an uploaded blob of any size',
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: object({
              bundle: text,
              policy: { ...text, description: 'JSON of a Policy' },
              blob: { ...text, format: 'binary' },
            }),
          },
        },
      },
      responses: {
        200: {
          description: 'a verification was carried out: read `verified`',
          content: asText(ref('ArtifactVerdict')),
        },
        ...verifyAnswers,
        503: problem(
          'the list of revocations is out of date, or too many uploads are under way: see Retry-After',
        ),
      },
    },
  },
  '/api/v1/policies': {
    get: {
      summary: 'List named policies',
      parameters: page,
      responses: {
        200: answer('a page', object({ policies: listOf(ref('PolicyVersion')), next: text }, ['policies'])),
        ...BAD_QUERY,
        ...KEPT,
      },
    },
  },
  '/api/v1/policies/dry-run': {
    post: {
      summary: 'What a policy would say of an image, without keeping it',
      requestBody: {
        required: true,
        content: json(
          closed({ image: text, policy: { oneOf: [ref('ImagePolicy'), ref('PolicyReference')] } }, [
            'image',
            'policy',
          ]),
        ),
      },
      responses: {
        200: answer('a verdict, and what admission would say', {
          allOf: [
            ref('PolicyVerdict'),
            object({
              admission: object({
                allowed: { type: 'boolean' },
                refusals: listOf(text),
                warnings: listOf(text),
              }),
            }),
          ],
        }),
        ...verifyAnswers,
        ...REGISTRY_TROUBLE,
        501: problem('no policies are kept here'),
      },
    },
  },
  '/api/v1/policies/{name}': {
    get: {
      summary: 'Newest version of a policy',
      parameters: [pathText('name')],
      responses: {
        200: answer('the policy', ref('PolicyVersion')),
        404: problem('no such policy'),
        ...KEPT,
      },
    },
    put: {
      summary: 'Keep a policy as a new version',
      ...admin,
      parameters: [pathText('name'), ...precondition],
      requestBody: { required: true, content: json(ref('ImagePolicy')) },
      responses: {
        200: answer('a new version', ref('PolicyVersion')),
        201: answer('a new policy', ref('PolicyVersion')),
        ...CHANGE,
        ...BODY_TROUBLE,
        409: problem('there are more than anybody needs'),
      },
    },
    delete: {
      summary: 'Take a policy away; its versions stay',
      ...admin,
      parameters: [pathText('name'), ...precondition],
      responses: {
        200: answer('the version that takes it away', ref('PolicyVersion')),
        404: problem('no such policy'),
        409: problem('a namespace is bound to it'),
        ...CHANGE,
      },
    },
  },
  '/api/v1/policies/{name}/versions': {
    get: {
      summary: 'Versions of a policy, newest first',
      parameters: [pathText('name'), ...page],
      responses: {
        200: answer('a page', object({ versions: listOf(ref('PolicyVersion')), next: text }, ['versions'])),
        ...BAD_QUERY,
        404: problem('no such policy'),
        ...KEPT,
      },
    },
  },
  '/api/v1/policies/{name}/versions/{version}': {
    get: {
      summary: 'One version of a policy',
      parameters: [pathText('name'), pathText('version')],
      responses: {
        200: answer('the version', ref('PolicyVersion')),
        ...BAD_QUERY,
        404: problem('no such version'),
        ...KEPT,
      },
    },
  },
  '/api/v1/policy-bindings': {
    get: {
      summary: 'Policies by namespace',
      parameters: page,
      responses: {
        200: answer('a page', object({ bindings: listOf(ref('PolicyBinding')), next: text }, ['bindings'])),
        ...BAD_QUERY,
        ...KEPT,
      },
    },
  },
  '/api/v1/policy-bindings/{namespace}': {
    get: {
      summary: 'Policies of a namespace; * is the default',
      parameters: [pathText('namespace')],
      responses: {
        200: answer('the binding', ref('PolicyBinding')),
        404: problem('no such binding'),
        ...KEPT,
      },
    },
    put: {
      summary: 'Bind policies to a namespace',
      ...admin,
      parameters: [pathText('namespace'), ...precondition],
      requestBody: {
        required: true,
        content: json(closed({ policies: { ...listOf(text), maxItems: MAX_BOUND_POLICIES } }, ['policies'])),
      },
      responses: {
        200: answer('bound', ref('PolicyBinding')),
        201: answer('bound for the first time', ref('PolicyBinding')),
        ...CHANGE,
        ...BODY_TROUBLE,
        409: problem('there are more than anybody needs'),
      },
    },
    delete: {
      summary: 'Unbind a namespace',
      ...admin,
      parameters: [pathText('namespace'), ...precondition],
      responses: {
        200: answer('unbound', ref('PolicyBinding')),
        404: problem('no such binding'),
        ...CHANGE,
      },
    },
  },
  '/admission/validate': {
    post: {
      summary: 'Kubernetes ValidatingAdmissionWebhook (admission.k8s.io/v1 AdmissionReview in and out)',
      requestBody: { required: true, content: json({ type: 'object' }) },
      responses: {
        200: answer('a review with its response; `allowed: false` explains itself', { type: 'object' }),
        400: problem('no review to answer'),
        ...BODY_TROUBLE,
      },
    },
  },
  '/trust/{name}': {
    get: {
      summary: 'A trust file for clients',
      parameters: [pathText('name')],
      responses: { 200: { description: 'the file' }, 404: problem('no such file') },
    },
  },
} as const;

/** The verifier's own HTTP API (OpenAPI 3.1). */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Sigstead verifier',
    version: '1',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  paths,
  components: {
    schemas,
    securitySchemes: {
      policyAdministrator: {
        type: 'http',
        scheme: 'bearer',
        description: 'a token of POLICY_ADMIN_TOKEN_FILE',
      },
    },
  },
} as const;
