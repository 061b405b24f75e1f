import type { IdentityOptions } from '../identity/identity-token.ts';
import type { PasswordOptions } from '../keys/password.ts';
import type { RegistryOptions } from '../registry/options.ts';

/** Which services sign. */
export interface ServiceOptions {
  readonly signingConfig?: string;
  /** False: by single URLs. */
  readonly useSigningConfig?: boolean;
  readonly trustedRoot?: string;
  readonly rekorVersion?: '1' | '2';
  readonly fulcioUrl?: string;
  readonly rekorUrl?: string;
  readonly timestampServerUrl?: string;
  readonly tlogUpload?: boolean;
  /** URL of a signer service, which signs in the place of this program. */
  readonly signer?: string;
}

/** Of every command that signs. */
export interface SigningOptions extends ServiceOptions, IdentityOptions, PasswordOptions {
  readonly key?: string;
  readonly yes?: boolean;
  readonly output: 'text' | 'json';
}

export interface FormOptions {
  readonly form?: 'legacy' | 'bundle' | 'both';
  readonly newBundleFormat?: boolean;
}

export interface SignOptions extends SigningOptions, RegistryOptions, FormOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly recursive?: boolean;
  readonly bundle?: string;
  readonly upload?: boolean;
}

export interface SignBlobOptions extends SigningOptions {
  readonly bundle?: string;
  readonly outputSignature?: string;
  readonly outputCertificate?: string;
  readonly rfc3161Timestamp?: string;
  readonly b64?: boolean;
  readonly newBundleFormat?: boolean;
}

export interface PredicateOptions {
  readonly type: string;
  readonly predicate?: string;
  readonly statement?: string;
}

export interface AttestOptions extends SigningOptions, RegistryOptions, FormOptions, PredicateOptions {
  readonly bundle?: string;
  readonly upload?: boolean;
  readonly replace?: boolean;
}

export interface AttestBlobOptions extends SigningOptions, PredicateOptions {
  readonly bundle?: string;
  readonly hash?: string;
  readonly outputSignature?: string;
  readonly outputCertificate?: string;
  readonly outputAttestation?: string;
  readonly rfc3161TimestampBundle?: string;
  readonly newBundleFormat?: boolean;
}

/** What a command is given besides arguments and options. */
export interface CommandSurroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Of the stack. */
  readonly url: string;
  /** Whether somebody said which stack: whoever does, does not mean the one in this folder. */
  readonly isStackNamed: boolean;
}
