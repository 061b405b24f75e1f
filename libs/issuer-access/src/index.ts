export { IssuerAccessError, type IssuerAccessErrorCode } from './errors.ts';
export { createIssuerFetch, type IssuerFetchOptions, type OwnedIssuerFetch } from './issuer-fetch.ts';
export {
  IssuerSource,
  type IssuerSourceLog,
  type IssuerSourceOptions,
  type IssuerSourceStatus,
} from './issuer-source.ts';
export { IN_CLUSTER, type KubernetesAccess } from './kubernetes.ts';
