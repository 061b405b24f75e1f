import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { HttpProblem } from '@sigstead/server';
import type { DevelopmentIssuer } from './development-issuer.ts';

export const ISSUERS = Symbol('development issuers by name');
export const MAX_CLAIMS_BYTES = 16 * 1024;

interface TokenAnswer {
  readonly count: number;
  readonly value: string;
}

/** What OpenID Connect clients read, and GitHub's token endpoint for jobs. */
@Controller('issuers/:name')
export class IssuerController {
  constructor(@Inject(ISSUERS) private readonly issuers: ReadonlyMap<string, DevelopmentIssuer>) {}

  @Get('.well-known/openid-configuration')
  discovery(@Param('name') name: string): JsonObject {
    return this.find(name).discovery();
  }

  @Get(['.well-known/jwks', 'keys'])
  keySet(@Param('name') name: string): JsonObject {
    return this.find(name).keySet();
  }

  /** As GitHub behaves at `ACTIONS_ID_TOKEN_REQUEST_URL`: some bearer token, the audience as a parameter. */
  @Get('token')
  @Header('cache-control', 'no-store')
  async jobToken(
    @Param('name') name: string,
    @Query('audience') audience: unknown,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<TokenAnswer> {
    const issuer = this.find(name);
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
  async token(@Param('name') name: string, @Body() body: Uint8Array | undefined): Promise<TokenAnswer> {
    const issuer = this.find(name);
    return answer(await issuer.token(claimsOf(body)));
  }

  private find(name: string): DevelopmentIssuer {
    const issuer = this.issuers.get(name);
    if (issuer !== undefined) return issuer;
    const known = [...this.issuers.keys()].join(', ');
    throw new HttpProblem(404, `there is no such development issuer, want one of ${known}`, {
      type: 'unknown-issuer',
    });
  }
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
