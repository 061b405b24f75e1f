import type { InteropCase } from '../interop-case.ts';

const EVERYBODY = ['cosign', 'sigstore-js'] as const;
const EVERYBODY_WITH_FILES = ['cosign', 'sigstore-js', 'sigstore-python'] as const;

/** What we sign is verified by others. */
export const signedBySigstead: readonly InteropCase[] = [
  ...keyless(),
  ...withKeys(),
  ...withoutReferrersApi(),
  ...ofEveryKind(),
].map((each) => ({ signer: 'sigstead', ...each }));

type Signed = Omit<InteropCase, 'signer'>;

function keyless(): Signed[] {
  const bundle = { form: 'bundle', verifiers: EVERYBODY } as const;
  const file = { form: 'bundle', verifiers: EVERYBODY_WITH_FILES } as const;
  return [
    { artifact: 'image', log: 'rekor-v1', form: 'legacy', verifiers: EVERYBODY, tampering: 'other artifact' },
    { ...bundle, artifact: 'image', log: 'rekor-v1', tampering: 'other artifact' },
    { ...bundle, artifact: 'image', log: 'rekor-v2', tampering: 'changed signature' },
    { ...bundle, artifact: 'image attestation', log: 'rekor-v1', tampering: 'other predicate type' },
    { ...bundle, artifact: 'image attestation', log: 'rekor-v2', tampering: 'other artifact' },
    { ...file, artifact: 'blob', log: 'rekor-v1', tampering: 'changed log entry' },
    { ...file, artifact: 'blob', log: 'rekor-v2', tampering: 'other artifact' },
    { ...file, artifact: 'blob attestation', log: 'rekor-v1', tampering: 'other artifact' },
    { ...file, artifact: 'blob attestation', log: 'rekor-v2', tampering: 'other signer' },
  ];
}

function withKeys(): Signed[] {
  const ours = { credential: 'key of sigstead', verifiers: EVERYBODY } as const;
  const theirs = { credential: 'key of cosign', verifiers: EVERYBODY, long: true } as const;
  return [
    { ...ours, artifact: 'image', form: 'legacy', log: 'rekor-v1', tampering: 'other signer' },
    { ...ours, artifact: 'image', form: 'bundle', log: 'rekor-v2', tampering: 'other artifact' },
    { ...ours, artifact: 'blob', form: 'bundle', log: 'rekor-v1', tampering: 'changed signature' },
    { ...ours, artifact: 'blob attestation', form: 'bundle', log: 'rekor-v2', tampering: 'other signer' },
    { ...theirs, artifact: 'image', form: 'bundle', log: 'rekor-v1', tampering: 'other signer' },
    { ...theirs, artifact: 'blob', form: 'bundle', log: 'rekor-v2', tampering: 'other artifact' },
    {
      ...theirs,
      artifact: 'image attestation',
      form: 'bundle',
      log: 'rekor-v1',
      tampering: 'changed signature',
    },
  ];
}

function withoutReferrersApi(): Signed[] {
  const there = { registry: 'distribution', verifiers: EVERYBODY } as const;
  return [
    { ...there, artifact: 'image', form: 'bundle', log: 'rekor-v1', tampering: 'other artifact' },
    { ...there, artifact: 'image attestation', form: 'bundle', log: 'rekor-v2', tampering: 'other artifact' },
    {
      ...there,
      artifact: 'image',
      form: 'legacy',
      log: 'rekor-v1',
      tampering: 'changed signature',
      long: true,
    },
  ];
}

function ofEveryKind(): Signed[] {
  const kinds = ['spdxjson', 'cyclonedx', 'openvex', 'vuln', 'custom'] as const;
  return kinds.map((predicate) => ({
    ...{ predicate, artifact: 'blob attestation', form: 'bundle', log: 'rekor-v1', verifiers: EVERYBODY },
    ...{ tampering: 'other predicate type', long: true },
  }));
}
