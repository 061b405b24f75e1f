import type { JsonValue } from '@sigstead/encoding';
import type { Credentials, ImageReference } from '@sigstead/oci';
import type { Annotations, SignatureForm, Statement, Subject } from '@sigstead/signing';
import type { ArtifactDigest } from '@sigstead/verification';
import type { RepeatableRequest } from '../record/idempotency-record.ts';
import type { RekorVersion } from '../service-plans.ts';

/** What one request wants signed, by whom, and where. */
export interface SigningOrder {
  /** Names the endpoint in records and metrics. */
  readonly route: 'sign' | 'sign-blob' | 'attest';
  readonly artifacts: readonly ArtifactOrder[];
  /** OIDC identity token: for the certificate authority only. */
  readonly token: string;
  readonly rekorVersion: RekorVersion | undefined;
  /** By registry, as in references; for this request only. */
  readonly registryCredentials: ReadonlyMap<string, Credentials>;
  readonly repeatable: RepeatableRequest | undefined;
}

/** One artifact of an order. */
export type ArtifactOrder = ImageOrder | DigestOrder | StatementOrder | PredicateOrder;

export interface ImageOrder {
  readonly kind: 'image';
  readonly image: ImageReference;
  readonly annotations: Annotations;
  readonly form: SignatureForm | undefined;
  /** With all that an index lists, and not the index alone. */
  readonly recursive: boolean;
}

export interface DigestOrder {
  readonly kind: 'digest';
  readonly digest: ArtifactDigest;
  readonly name: string | undefined;
}

export interface StatementOrder {
  readonly kind: 'statement';
  readonly statement: Statement;
  /** Where it is stored, too; it must be about this image. */
  readonly image: ImageReference | undefined;
  readonly form: SignatureForm | undefined;
}

export interface PredicateOrder {
  readonly kind: 'predicate';
  readonly predicateType: string;
  readonly predicate: JsonValue;
  readonly about: { readonly image: ImageReference } | { readonly subject: Subject };
  readonly form: SignatureForm | undefined;
}

/** The artifact as its caller would name it. */
export function nameOf(order: ArtifactOrder): string {
  switch (order.kind) {
    case 'image':
      return order.image.toString();
    case 'digest':
      return order.name ?? 'a digest';
    case 'statement':
      return order.image?.toString() ?? order.statement.subjects[0].name ?? 'a statement';
    case 'predicate':
      return 'image' in order.about
        ? order.about.image.toString()
        : (order.about.subject.name ?? 'a subject');
  }
}
