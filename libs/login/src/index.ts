export type { LoginAccess } from './access.ts';
export { beginAuthorization, redeemAuthorization, type PendingAuthorization } from './authorization-code.ts';
export { requestClientToken } from './client-credentials.ts';
export { awaitDeviceLogin, beginDeviceLogin, type PendingDevice } from './device.ts';
export { LoginError, type LoginErrorCode } from './errors.ts';
export { discoverLogin, type LoginServer, type LoginSettings } from './login-server.ts';
export type { LoginToken } from './verify-login-token.ts';
