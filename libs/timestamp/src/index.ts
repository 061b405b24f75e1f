export { encodeTimeStampReq } from './encode-time-stamp-req.ts';
export { GENERAL_FAILURE, TimestampError, type TimestampErrorCode } from './errors.ts';
export { MAX_JSON_REQUEST_BYTES, parseJsonRequest } from './json-request.ts';
export { verifySignerChain } from './signer-chain.ts';
export { MAX_NONCE_OCTETS, parseTimeStampReq, type TimeStampReq } from './time-stamp-req.ts';
export { createTimestampResponse, type TimestampContext } from './time-stamp-resp.ts';
export { verifyTimeStampReq, type TimestampPolicy } from './verify-request.ts';
