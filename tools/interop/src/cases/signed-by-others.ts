import type { InteropCase } from '../interop-case.ts';

const BY_COSIGN = { signer: 'cosign', verifiers: ['sigstead'] } as const;

/** What others sign with our services is verified by us. */
export const signedByOthers: readonly InteropCase[] = [
  ...keyless(),
  ...withKeys(),
  ...withoutReferrersApi(),
  ...ofEveryKind(),
  ...byPython(),
  ...byJavaScript(),
];

function keyless(): InteropCase[] {
  const legacy = { ...BY_COSIGN, form: 'legacy', log: 'rekor-v1' } as const;
  const bundle = { ...BY_COSIGN, form: 'bundle' } as const;
  return [
    { ...legacy, artifact: 'image', tampering: 'other artifact' },
    { ...legacy, artifact: 'image attestation', tampering: 'changed signature' },
    { ...bundle, artifact: 'image', log: 'rekor-v1', tampering: 'other artifact' },
    { ...bundle, artifact: 'image', log: 'rekor-v2', tampering: 'changed signature' },
    { ...bundle, artifact: 'image attestation', log: 'rekor-v1', tampering: 'other predicate type' },
    { ...bundle, artifact: 'image attestation', log: 'rekor-v2', tampering: 'other artifact' },
    { ...bundle, artifact: 'blob', log: 'rekor-v1', tampering: 'changed log entry' },
    { ...bundle, artifact: 'blob', log: 'rekor-v2', tampering: 'changed checkpoint' },
    { ...bundle, artifact: 'blob attestation', log: 'rekor-v1', tampering: 'other artifact' },
    { ...bundle, artifact: 'blob attestation', log: 'rekor-v2', tampering: 'other predicate type' },
  ];
}

function withKeys(): InteropCase[] {
  const key = { ...BY_COSIGN, credential: 'key of cosign' } as const;
  return [
    { ...key, artifact: 'image', form: 'legacy', log: 'rekor-v1', tampering: 'changed log entry' },
    { ...key, artifact: 'image', form: 'bundle', log: 'rekor-v1', tampering: 'other signer' },
    { ...key, artifact: 'image', form: 'bundle', log: 'rekor-v2', tampering: 'other artifact' },
    { ...key, artifact: 'blob', form: 'bundle', log: 'rekor-v1', tampering: 'other signer' },
    { ...key, artifact: 'blob', form: 'bundle', log: 'rekor-v2', tampering: 'changed signature' },
    { ...key, artifact: 'image attestation', form: 'bundle', log: 'rekor-v1', tampering: 'other signer' },
    { ...key, artifact: 'blob attestation', form: 'bundle', log: 'rekor-v2', tampering: 'other artifact' },
    {
      ...{ ...key, credential: 'key of sigstead', artifact: 'blob', form: 'bundle', log: 'rekor-v1' },
      tampering: 'other signer',
    },
  ];
}

function withoutReferrersApi(): InteropCase[] {
  const there = { ...BY_COSIGN, registry: 'distribution' } as const;
  return [
    {
      ...there,
      artifact: 'image',
      form: 'legacy',
      log: 'rekor-v1',
      tampering: 'changed log entry',
      long: true,
    },
    { ...there, artifact: 'image', form: 'bundle', log: 'rekor-v1', tampering: 'other artifact' },
    { ...there, artifact: 'image attestation', form: 'bundle', log: 'rekor-v2', tampering: 'other signer' },
  ];
}

function ofEveryKind(): InteropCase[] {
  const kinds = ['spdxjson', 'cyclonedx', 'openvex', 'vuln', 'custom'] as const;
  return kinds.map((predicate) => ({
    ...{ ...BY_COSIGN, predicate, artifact: 'image attestation', form: 'bundle', log: 'rekor-v2' },
    ...{ tampering: 'other predicate type', long: true },
  }));
}

function byPython(): InteropCase[] {
  const python = { signer: 'sigstore-python', verifiers: ['sigstead'], form: 'bundle' } as const;
  return [
    { ...python, artifact: 'blob', log: 'rekor-v1', tampering: 'changed signature' },
    { ...python, artifact: 'blob', log: 'rekor-v2', tampering: 'other artifact' },
    { ...python, artifact: 'blob attestation', log: 'rekor-v1', tampering: 'other artifact', long: true },
    { ...python, artifact: 'blob attestation', log: 'rekor-v2', tampering: 'other signer', long: true },
  ];
}

function byJavaScript(): InteropCase[] {
  const js = { signer: 'sigstore-js', verifiers: ['sigstead'], form: 'bundle', long: true } as const;
  return [
    { ...js, artifact: 'blob', log: 'rekor-v1', tampering: 'changed log entry' },
    { ...js, artifact: 'blob', log: 'rekor-v2', tampering: 'other artifact' },
    { ...js, artifact: 'blob attestation', log: 'rekor-v1', tampering: 'other artifact' },
    { ...js, artifact: 'blob attestation', log: 'rekor-v2', tampering: 'changed signature' },
  ];
}
