/**
 * - `CERTIFICATES`: an issuer's own CA is no certificate;
 * - `CLUSTER_CA`, `CLUSTER_TOKEN`: what the pod is given to reach the Kubernetes API with cannot be used;
 * - `CLOSED`: asked after the end.
 */
export type IssuerAccessErrorCode = 'CERTIFICATES' | 'CLUSTER_CA' | 'CLUSTER_TOKEN' | 'CLOSED';

/** Nothing was dialled, and why. The message never holds a token. */
export class IssuerAccessError extends Error {
  override readonly name = 'IssuerAccessError';
  readonly code: IssuerAccessErrorCode;

  constructor(code: IssuerAccessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
