import {
  deviceAuthorizationRequest,
  deviceCodeGrantRequest,
  processDeviceAuthorizationResponse,
  processDeviceCodeResponse,
  ResponseBodyError,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import { requestOptions } from './access.ts';
import { webAddress } from './address.ts';
import { LoginError, quote } from './errors.ts';
import { explained } from './explained.ts';
import { assertProofKey, SCOPE, type LoginServer } from './login-server.ts';
import { createProofKey } from './proof-key.ts';
import { verifyLoginToken, type LoginToken } from './verify-login-token.ts';

/** A login that waits for somebody at another machine (RFC 8628 section 3.2). */
export interface PendingDevice {
  /** What to type at the address, and to compare where the address already holds it. */
  readonly userCode: string;
  /** For people: with the code in it where the issuer offers that. */
  readonly verificationUri: string;
  readonly expiresAt: Date;
  readonly intervalSeconds: number;
  readonly deviceCode: string;
  readonly codeVerifier: string;
}

/** RFC 8628 section 3.2 and 3.5. */
const DEFAULT_INTERVAL_SECONDS = 5;
const SLOW_DOWN_SECONDS = 5;
const MAX_INTERVAL_SECONDS = 60;
/** Whatever the issuer grants, nobody waits for longer. */
const MAX_LIFETIME_SECONDS = 30 * 60;
/** A device code the issuer does not find again is an answer; a network that fails now and then is none. */
const MAX_FAILURES = 3;
/** What goes to a terminal. */
const USER_CODE = /^[\x21-\x7e][\x20-\x7e]{0,63}$/;

/** @throws LoginError UNSUPPORTED, UNREACHABLE, DENIED or ANSWER */
export async function beginDeviceLogin(server: LoginServer): Promise<PendingDevice> {
  const { metadata, client, authentication, access, issuerUrl } = server;
  assertProofKey(server);
  if (metadata.device_authorization_endpoint === undefined) {
    throw new LoginError(
      'UNSUPPORTED',
      `${new URL(issuerUrl).host} offers no login without a browser (device_authorization_endpoint)`,
    );
  }
  const { verifier, parameters } = await createProofKey(access);
  const device = await explained('ANSWER', 'the device login', async () =>
    processDeviceAuthorizationResponse(
      metadata,
      client,
      await deviceAuthorizationRequest(
        metadata,
        client,
        authentication,
        { scope: SCOPE, ...parameters },
        requestOptions(access),
      ),
    ),
  );
  const verificationUri = device.verification_uri_complete ?? device.verification_uri;
  if (webAddress(verificationUri, issuerUrl) === undefined) {
    throw new LoginError('ANSWER', `verification_uri is ${quote(verificationUri)}, want an https address`);
  }
  if (!USER_CODE.test(device.user_code)) {
    throw new LoginError('ANSWER', `user_code is ${quote(device.user_code)}, want a short line of text`);
  }
  const lifetimeSeconds = Math.min(device.expires_in, MAX_LIFETIME_SECONDS);
  return {
    userCode: device.user_code,
    verificationUri,
    expiresAt: new Date(access.clock().getTime() + lifetimeSeconds * 1000),
    intervalSeconds: Math.min(device.interval ?? DEFAULT_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS),
    deviceCode: device.device_code,
    codeVerifier: verifier,
  };
}

/**
 * Asks until somebody has decided (RFC 8628 sections 3.4 and 3.5).
 *
 * @param sleep waits for so many seconds; ends by throwing when the login is given up
 * @throws LoginError DENIED, EXPIRED, UNREACHABLE, ANSWER or TOKEN, and what `sleep` throws
 */
export async function awaitDeviceLogin(
  pending: PendingDevice,
  server: LoginServer,
  sleep: (seconds: number) => Promise<void>,
): Promise<LoginToken> {
  let intervalSeconds = pending.intervalSeconds;
  for (let failures = 0; ;) {
    await sleep(intervalSeconds);
    if (server.access.clock() >= pending.expiresAt)
      throw new LoginError('EXPIRED', 'nobody approved the login in time');
    try {
      const answer = await poll(pending, server);
      if (answer !== 'authorization_pending' && answer !== 'slow_down')
        return await verifyLoginToken(answer.id_token, server);
      if (answer === 'slow_down') intervalSeconds += SLOW_DOWN_SECONDS;
      failures = 0;
    } catch (error) {
      const isPassing =
        error instanceof LoginError && error.code === 'UNREACHABLE' && ++failures < MAX_FAILURES;
      if (!isPassing) throw error;
      intervalSeconds = Math.min(intervalSeconds * 2, MAX_INTERVAL_SECONDS);
    }
  }
}

async function poll(
  { deviceCode, codeVerifier }: PendingDevice,
  { metadata, client, authentication, access }: LoginServer,
): Promise<TokenEndpointResponse | 'authorization_pending' | 'slow_down'> {
  return explained('ANSWER', 'the device login', async () => {
    const response = await deviceCodeGrantRequest(metadata, client, authentication, deviceCode, {
      ...requestOptions(access),
      additionalParameters: { code_verifier: codeVerifier },
    });
    try {
      return await processDeviceCodeResponse(metadata, client, response);
    } catch (error) {
      if (!(error instanceof ResponseBodyError)) throw error;
      if (error.error === 'authorization_pending' || error.error === 'slow_down') return error.error;
      if (error.error === 'expired_token')
        throw new LoginError('EXPIRED', 'nobody approved the login in time');
      throw error;
    }
  });
}
