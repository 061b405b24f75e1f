/** Kinds of attestations, as cosign's `--type` names them. */
export type PredicateName = 'slsaprovenance1' | 'spdxjson' | 'cyclonedx' | 'openvex' | 'vuln' | 'custom';

interface PredicateDocument {
  /** What the statement calls the type. */
  readonly uri: string;
  readonly document: unknown;
}

/** The smallest document of each kind that signers take. */
export const PREDICATES: Readonly<Record<PredicateName, PredicateDocument>> = {
  slsaprovenance1: {
    uri: 'https://slsa.dev/provenance/v1',
    document: {
      buildDefinition: {
        buildType: 'https://example.com/build/v1',
        externalParameters: { ref: 'refs/heads/main' },
        internalParameters: {},
        resolvedDependencies: [],
      },
      runDetails: {
        builder: { id: 'https://example.com/builder' },
        metadata: { invocationId: 'https://example.com/runs/1' },
      },
    },
  },
  spdxjson: {
    uri: 'https://spdx.dev/Document',
    document: {
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: 'interop',
      documentNamespace: 'https://example.com/interop',
      creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: interop'] },
      packages: [],
    },
  },
  cyclonedx: {
    uri: 'https://cyclonedx.org/bom',
    document: { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components: [] },
  },
  openvex: {
    uri: 'https://openvex.dev/ns',
    document: {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex/1',
      author: 'interop',
      timestamp: '2026-01-01T00:00:00Z',
      version: 1,
      statements: [
        {
          vulnerability: { name: 'CVE-2026-0001' },
          products: [{ '@id': 'pkg:generic/interop@1' }],
          status: 'fixed',
        },
      ],
    },
  },
  vuln: {
    uri: 'https://cosign.sigstore.dev/attestation/vuln/v1',
    document: {
      invocation: { parameters: null, uri: 'https://example.com/runs/1', event_id: '1', 'builder.id': '1' },
      scanner: {
        uri: 'https://example.com/scanner',
        version: '1',
        db: { uri: 'https://example.com/db', version: '1' },
        result: null,
      },
      metadata: { scanStartedOn: '2026-01-01T00:00:00Z', scanFinishedOn: '2026-01-01T00:01:00Z' },
    },
  },
  custom: { uri: 'https://cosign.sigstore.dev/attestation/v1', document: { built: 'here' } },
};
