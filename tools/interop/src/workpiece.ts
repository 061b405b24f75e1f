import type { RekorVersion } from '@sigstead/instance';
import type { ImageLocation } from './evidence/registry.ts';
import type { Artifact, Form } from './interop-case.ts';

/** What a client is given to sign or to verify. */
export interface Workpiece {
  readonly artifact: Artifact;
  readonly form: Form;
  readonly log: RekorVersion;
  readonly target: Target;
  /** Of attestations. */
  readonly predicate: Predicate;
  readonly expected: ExpectedSigner;
}

export type Target = ImageTarget | BlobTarget;

export interface ImageTarget {
  readonly kind: 'image';
  readonly image: ImageLocation;
}

export interface BlobTarget {
  readonly kind: 'blob';
  readonly file: string;
  /** The file that its bundle is in. */
  readonly bundle: string;
}

export interface Predicate {
  /** As cosign's `--type` names it. */
  readonly name: string;
  readonly uri: string;
  readonly file: string;
}

export type ExpectedSigner =
  | { readonly kind: 'identity'; readonly identity: string; readonly issuer: string }
  | { readonly kind: 'key'; readonly publicKey: string };

export type SigningCredential =
  { readonly kind: 'token'; readonly token: string } | { readonly kind: 'key'; readonly privateKey: string };
