import type { RekorVersion } from '@sigstead/instance';
import type { PredicateName } from './predicates.ts';

/** What is signed. */
export type Artifact = 'image' | 'image attestation' | 'blob' | 'blob attestation';
/** How the signature is kept: cosign's older tags (`.sig`, `.att`), or a Sigstore bundle. */
export type Form = 'legacy' | 'bundle';
/** What is signed with: a certified key that is forgotten at once, or a key pair that one of the programs made. */
export type Credential = 'keyless' | 'key of cosign' | 'key of sigstead';
export type ClientName = 'sigstead' | 'cosign' | 'sigstore-js' | 'sigstore-python';
export type Copier = 'skopeo' | 'crane';
/** `development` has the referrers API, `distribution` (Debian's docker-registry) has not. */
export type RegistryName = 'development' | 'distribution';

/** What is wrong with what must be refused. Everything else is as it was when it was accepted. */
export type Tampering =
  /** The signature of one artifact is put beside another. */
  | 'other artifact'
  /** Somebody else is expected to have signed. */
  | 'other signer'
  /** A bit of the signature is flipped. */
  | 'changed signature'
  /** What the log is said to have logged has other bytes, which say the same. */
  | 'changed log entry'
  /** A bit of the log's signature over its tree head is flipped. */
  | 'changed checkpoint'
  /** An attestation of another kind is asked for. */
  | 'other predicate type';

/** One thing that is signed, and who is to verify it: first as it is, then tampered with. */
export interface InteropCase {
  readonly signer: ClientName;
  readonly verifiers: readonly ClientName[];
  readonly artifact: Artifact;
  readonly form: Form;
  readonly log: RekorVersion;
  /** Keyless unless told. */
  readonly credential?: Credential;
  /** Of attestations; provenance unless told. */
  readonly predicate?: PredicateName;
  /** Where the image lies when it is signed; `development` unless told. */
  readonly registry?: RegistryName;
  /** Takes image and signature to the other registry, where they are verified. */
  readonly copier?: Copier;
  readonly tampering: Tampering;
  /** Left out unless all are asked for. */
  readonly long?: boolean;
}

export function isImage(artifact: Artifact): boolean {
  return artifact.startsWith('image');
}

export function isAttestation(artifact: Artifact): boolean {
  return artifact.endsWith('attestation');
}

/** `image, legacy, rekor-v1: cosign -> sigstead`, with what is out of the ordinary. */
export function describeCase(each: InteropCase, verifier: ClientName): string {
  const what: string[] = [each.artifact, each.form, each.log, each.credential ?? 'keyless'];
  if (each.predicate !== undefined) what.push(each.predicate);
  if (isImage(each.artifact)) what.push(`${each.registry ?? 'development'} registry`);
  const way: string[] = [
    each.signer,
    ...(each.copier === undefined ? [] : [`copied by ${each.copier}`]),
    verifier,
  ];
  return `${what.join(', ')}: ${way.join(' -> ')}`;
}
