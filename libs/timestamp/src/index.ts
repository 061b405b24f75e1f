export { encodeTimeStampReq } from './encode-time-stamp-req.ts';
export {
  GENERAL_FAILURE,
  TimestampError,
  type TimestampErrorCode,
  type TimestampIssuanceErrorCode,
  type TimestampVerificationErrorCode,
} from './errors.ts';
export { MAX_JSON_REQUEST_BYTES, parseJsonRequest } from './json-request.ts';
export { verifySignerChain } from './signer-chain.ts';
export { MAX_NONCE_OCTETS, parseTimeStampReq, type TimeStampReq } from './time-stamp-req.ts';
export { createTimestampResponse, type TimestampContext } from './time-stamp-resp.ts';
export { verifyTimeStampReq, type TimestampPolicy } from './verify-request.ts';
export {
  isSignedBy,
  MAX_TIMESTAMP_BYTES,
  parseTimestamp,
  type ParsedTimestamp,
} from './token/parse-timestamp.ts';
export { verifyTimestamp, type VerifiedTimestamp } from './token/verify-timestamp.ts';
