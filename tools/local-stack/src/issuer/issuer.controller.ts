import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import { AuthorizationCodes, type CodeExchange } from './authorization-codes.ts';
import { LIFETIME_SECONDS, type DevelopmentIssuer } from './development-issuer.ts';
import { DeviceCodes } from './device-codes.ts';
import { findIssuer, ISSUERS } from './find-issuer.ts';
import { formOf } from './form.ts';

export const MAX_CLAIMS_BYTES = 16 * 1024;

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

interface TokenAnswer {
  readonly count: number;
  readonly value: string;
}

/** RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3. */
interface LoginAnswer {
  readonly access_token: string;
  readonly id_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
}

/** What OpenID Connect clients read, and GitHub's token endpoint for jobs. */
@Controller('issuers/:name')
export class IssuerController {
  constructor(
    @Inject(ISSUERS) private readonly issuers: ReadonlyMap<string, DevelopmentIssuer>,
    @Inject(AuthorizationCodes) private readonly codes: AuthorizationCodes,
    @Inject(DeviceCodes) private readonly devices: DeviceCodes,
  ) {}

  @Get('.well-known/openid-configuration')
  discovery(@Param('name') name: string): JsonObject {
    return findIssuer(this.issuers, name).discovery();
  }

  @Get(['.well-known/jwks', 'keys'])
  keySet(@Param('name') name: string): JsonObject {
    return findIssuer(this.issuers, name).keySet();
  }

  /** As GitHub behaves at `ACTIONS_ID_TOKEN_REQUEST_URL`: some bearer token, the audience as a parameter. */
  @Get('token')
  @Header('cache-control', 'no-store')
  async jobToken(
    @Param('name') name: string,
    @Query('audience') audience: unknown,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<TokenAnswer> {
    const issuer = findIssuer(this.issuers, name);
    if (!/^bearer +\S/i.test(authorization ?? '')) {
      throw new HttpProblem(401, 'want the header "Authorization: bearer <request token>"', {
        type: 'unauthorized',
      });
    }
    return answer(await issuer.token(audience === undefined ? {} : { aud: audienceOf(audience) }));
  }

  @Post('token')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async token(
    @Param('name') name: string,
    @Body() body: Uint8Array | undefined,
  ): Promise<TokenAnswer | LoginAnswer> {
    const issuer = findIssuer(this.issuers, name);
    const form = formOf(body);
    if (form !== undefined) return this.redeem(issuer, form);
    return answer(await issuer.token(claimsOf(body)));
  }

  /** The token of somebody who logged in. */
  private async redeem(issuer: DevelopmentIssuer, form: URLSearchParams): Promise<LoginAnswer> {
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return login(await this.redeemCode(issuer, form));
      case DEVICE_GRANT:
        return login(await this.redeemDevice(issuer, form));
      case 'client_credentials':
        return login(await issuer.token({ aud: form.get('client_id') ?? '' }));
      default:
        throw refused('unsupported_grant_type', 'grant_type: want authorization_code');
    }
  }

  /** RFC 6749 section 4.1.3. */
  private redeemCode(issuer: DevelopmentIssuer, form: URLSearchParams): Promise<string> {
    const exchange: CodeExchange = {
      issuer: issuer.name,
      code: form.get('code') ?? '',
      clientId: form.get('client_id') ?? '',
      redirectUri: form.get('redirect_uri') ?? '',
      codeVerifier: form.get('code_verifier') ?? '',
    };
    const request = this.codes.redeem(exchange);
    if (request === undefined) {
      throw refused(
        'invalid_grant',
        'code, client_id, redirect_uri or code_verifier do not fit a login of the last minute',
      );
    }
    const { clientId, nonce, loginHint } = request;
    return issuer.token({
      aud: clientId,
      ...(nonce === undefined ? {} : { nonce }),
      ...(loginHint === undefined || issuer.name !== 'email' ? {} : { email: loginHint }),
    });
  }

  /** RFC 8628 section 3.4. */
  private redeemDevice(issuer: DevelopmentIssuer, form: URLSearchParams): Promise<string> {
    const clientId = form.get('client_id') ?? '';
    const answer = this.devices.poll({
      issuer: issuer.name,
      clientId,
      deviceCode: form.get('device_code') ?? '',
      codeVerifier: form.get('code_verifier') ?? '',
    });
    if (answer !== 'approved') throw refused(answer, `device_code: ${answer.replaceAll('_', ' ')}`);
    return issuer.token({ aud: clientId });
  }
}

function login(token: string): LoginAnswer {
  return { access_token: token, id_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS };
}

/** `error` is what OAuth clients read (RFC 6749 section 5.2). */
function refused(error: string, reason: string): HttpProblem {
  return new HttpProblem(400, reason, { type: 'malformed-request', extra: { error } });
}

/** `count` is what GitHub sends beside the token; nobody reads it. */
function answer(value: string): TokenAnswer {
  return { count: value.length, value };
}

function audienceOf(audience: unknown): string {
  if (typeof audience === 'string' && audience !== '') return audience;
  throw new HttpProblem(400, 'audience: want one value', { type: 'malformed-request', field: 'audience' });
}

function claimsOf(body: Uint8Array | undefined): JsonObject {
  if (body === undefined || body.length === 0) return {};
  try {
    const claims = parseJson(body, { maxBytes: MAX_CLAIMS_BYTES });
    if (isJsonObject(claims)) return claims;
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `claims: ${cause.message}`, { type: 'malformed-request', cause });
  }
  throw new HttpProblem(400, 'claims: want a JSON object', { type: 'malformed-request' });
}
