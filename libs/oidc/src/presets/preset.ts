import type { IssuerType } from '../issuer-config.ts';

/** What a well-known kind of issuer needs in the configuration, in the words of Fulcio's file. */
export interface Preset {
  readonly type: IssuerType;
  /** Where such issuers are found, for a reader: angle brackets stand for what differs. */
  readonly issuerUrl: string;
  readonly skipEmailVerification?: boolean;
  /** For `uri`: subjects lie on the issuer's own host. */
  readonly subjectsOnIssuerHost?: boolean;
  readonly ciProvider?: CiProviderPreset;
}

export interface CiProviderPreset {
  /** Key of `ci-issuer-metadata`. */
  readonly name: string;
  /** The server lies on the issuer's own host, so `url` follows from the issuer. */
  readonly servesItself?: boolean;
  readonly defaults: Readonly<Record<string, string>>;
  /** By key of `extension-templates`. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly subjectAlternativeName: string;
}
