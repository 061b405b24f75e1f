import { z } from 'zod';

/**
 * The parts of each predicate without which it is not what it says, from the specification of its type. Objects are loose: new
 * fields of later versions are no fault.
 */

const text = z.string().min(1, 'want a text that is not empty');
const object = z.looseObject({});
const list = z.array(z.unknown());
const time = z.iso.datetime({ offset: true, error: 'want a time as in RFC 3339' });
const digestSet = z.record(z.string(), z.string());
const descriptor = z.looseObject({ uri: z.string().optional(), digest: digestSet.optional() });

/** What `cosign attest` wraps a predicate of its own type in. */
export const custom = z.looseObject({
  Data: z.unknown().refine((data) => data !== undefined, 'is missing'),
  Timestamp: z.string(),
});

/** slsa.dev/spec/v1.0/provenance */
export const slsaProvenanceV1 = z.looseObject({
  buildDefinition: z.looseObject({
    buildType: text,
    externalParameters: object,
    internalParameters: object.optional(),
    resolvedDependencies: z.array(descriptor).optional(),
  }),
  runDetails: z.looseObject({
    builder: z.looseObject({ id: text }),
    metadata: z.looseObject({ startedOn: time.optional(), finishedOn: time.optional() }).optional(),
    byproducts: z.array(descriptor).optional(),
  }),
});

/** slsa.dev/provenance/v0.2 */
export const slsaProvenanceV02 = z.looseObject({
  builder: z.looseObject({ id: text }),
  buildType: text,
  invocation: object.optional(),
  buildConfig: object.optional(),
  metadata: z.looseObject({ buildStartedOn: time.optional(), buildFinishedOn: time.optional() }).optional(),
  materials: z.array(descriptor).optional(),
});

/** SPDX 2 in its tag-value form or in JSON, or SPDX 3 in JSON-LD. */
export const spdxDocument = z.union(
  [
    z.string().regex(/^SPDXVersion: *SPDX-2\.[0-9]/m, 'want an SPDX document in its tag-value form'),
    z.looseObject({ spdxVersion: z.string().regex(/^SPDX-2\.[0-9]/, 'want SPDX-2.x') }),
    z.looseObject({ '@context': z.unknown().refine((context) => context !== undefined), '@graph': list }),
  ],
  'want an SPDX document: a text with SPDXVersion, or an object with spdxVersion, or one with @context and @graph',
);

/** cyclonedx.org/docs: the two fields every version requires. */
export const cycloneDx = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string().regex(/^[0-9]+\.[0-9]+$/, 'want a version such as 1.6'),
});

/** in-toto.io/Link/v1 (and v0.3), all of it required. */
export const link = z.looseObject({
  _type: z.literal('link'),
  name: z.string(),
  command: list,
  materials: object,
  products: object,
  byproducts: object,
  environment: object,
});

/** cosign's COSIGN_VULN_ATTESTATION_SPEC. */
export const vulnerabilityScan = z.looseObject({
  invocation: object.optional(),
  scanner: z.looseObject({
    uri: z.string(),
    version: z.string().optional(),
    db: object.optional(),
    result: z.unknown(),
  }),
  metadata: z.looseObject({ scanStartedOn: time, scanFinishedOn: time }),
});

/** github.com/openvex/spec: document and statements. */
export const openVex = z.looseObject({
  '@context': z.string().startsWith('https://openvex.dev/ns', 'want https://openvex.dev/ns'),
  '@id': text,
  author: text,
  timestamp: time,
  version: z.union([z.number(), z.string()], 'want a version'),
  statements: z
    .array(
      z.looseObject({
        vulnerability: z.union([text, object], 'want a vulnerability'),
        status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
      }),
    )
    .min(1, 'want at least one statement'),
});
