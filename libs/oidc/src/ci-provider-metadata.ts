import type { CertificateClaims } from './certificate-claims.ts';
import type { Template } from './template/template.ts';

/** Fulcio's `ci-issuer-metadata`: how claims of one kind of CI become an identity and certificate extensions. */
export interface CiProviderMetadata {
  /** Values for templates where the token has no claim of that name; see `ciProviderPrincipal` about `url`. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly subjectAlternativeName: Template;
  /** In the order of the extensions. */
  readonly extensions: readonly CiProviderExtension[];
}

export interface CiProviderExtension {
  readonly field: CiProviderExtensionField;
  readonly template: Template;
}

/** Issuer and subject always are the token's own. */
export type CiProviderExtensionField = Exclude<keyof CertificateClaims, 'issuer' | 'subject'>;
