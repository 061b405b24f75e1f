import type { RegistryOptions } from '../registry/options.ts';

/** What the caller gives besides options. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the stack. */
  readonly url: string;
  /** Path this program was called by. */
  readonly program: string | undefined;
}

export interface SignerOptions {
  readonly certificateIdentity?: string;
  readonly certificateIdentityRegexp?: string;
  readonly certificateOidcIssuer?: string;
  readonly certificateOidcIssuerRegexp?: string;
  readonly certificateGithubWorkflowRepository?: string;
  readonly certificateGithubWorkflowRef?: string;
  readonly certificateGithubWorkflowSha?: string;
  readonly certificateGithubWorkflowName?: string;
  readonly certificateGithubWorkflowTrigger?: string;
  readonly key?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface TrustOptions {
  readonly trustedRoot?: readonly string[];
  readonly trustConfig?: string;
  readonly trustRoot?: 'public-good';
  readonly trustRoots?: string;
  readonly offline?: boolean;
}

export interface RevocationOptions {
  readonly revocations?: string;
  readonly revocationsKey?: string;
}

export interface EvidenceOptions {
  readonly requireInclusionProof?: boolean;
  readonly useSignedTimestamps?: boolean;
  readonly insecureIgnoreTlog?: boolean;
  readonly privateInfrastructure?: boolean;
  readonly insecureIgnoreSct?: boolean;
  readonly checkClaims?: boolean;
  /** False: cosign's older form only. */
  readonly newBundleFormat?: boolean;
  readonly experimentalOci11?: boolean;
}

/** Of every command that judges. */
export type JudgingOptions = SignerOptions & TrustOptions & RevocationOptions & EvidenceOptions;

/** Of every command that judges images. */
export interface ImageOptions extends JudgingOptions, RegistryOptions {
  readonly rekorUrl?: string;
  readonly output?: string;
}

export interface ImageVerifyOptions extends ImageOptions {
  readonly policy?: string;
  readonly verifier?: string;
}

export interface AttestationVerifyOptions extends ImageOptions {
  readonly type: string;
}

export interface BlobVerifyOptions extends JudgingOptions {
  readonly bundle?: string;
  readonly signature?: string;
  readonly certificate?: string;
  readonly rfc3161Timestamp?: string;
  readonly output?: string;
}

export interface BlobAttestationVerifyOptions extends JudgingOptions {
  readonly type: string;
  readonly bundle: string;
  readonly digest?: string;
  readonly digestAlg?: string;
  readonly output?: string;
}

export interface ExplainOptions extends TrustOptions {
  readonly artifact?: string;
  readonly key?: string;
  readonly output?: string;
}
