export type { Fetch, ServiceOptions } from './call.ts';
export { CtClient } from './ct-client.ts';
export { ClientError, type ClientErrorCode } from './errors.ts';
export { FulcioClient, type CertificateRequest } from './fulcio-client.ts';
export {
  RekorClient,
  type RekorConsistencyProof,
  type RekorLogEntry,
  type RekorLogInfo,
} from './rekor-client.ts';
export { RekorV2Client, type SignedDigest } from './rekor-v2-client.ts';
export { TimestampClient } from './timestamp-client.ts';
