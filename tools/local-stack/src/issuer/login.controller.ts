import { Controller, Get, Inject, Param, Query, Redirect } from '@nestjs/common';
import { HttpProblem } from '@sigstead/server';
import { AuthorizationCodes } from './authorization-codes.ts';
import { findIssuer, ISSUERS } from './find-issuer.ts';
import type { DevelopmentIssuer } from './development-issuer.ts';

const MAX_PARAMETER = 2048;
/** base64url of 32 bytes. */
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** Where clients with a browser log in (OpenID Connect Core section 3.1.2). Nobody is asked anything: for development only. */
@Controller('issuers/:name')
export class LoginController {
  constructor(
    @Inject(ISSUERS) private readonly issuers: ReadonlyMap<string, DevelopmentIssuer>,
    @Inject(AuthorizationCodes) private readonly codes: AuthorizationCodes,
  ) {}

  @Get('authorize')
  @Redirect()
  authorize(
    @Param('name') name: string,
    @Query() query: Readonly<Record<string, unknown>>,
  ): { url: string; statusCode: number } {
    const issuer = findIssuer(this.issuers, name);
    const redirectUri = required(query, 'redirect_uri');
    const target = loopbackUri(redirectUri);
    const clientId = required(query, 'client_id');
    const codeChallenge = required(query, 'code_challenge');
    if (required(query, 'response_type') !== 'code') throw refuse('response_type', 'want code');
    if (required(query, 'code_challenge_method') !== 'S256')
      throw refuse('code_challenge_method', 'want S256');
    if (!S256_CHALLENGE.test(codeChallenge)) throw refuse('code_challenge', 'want a SHA-256 in base64url');
    const code = this.codes.issue({
      issuer: issuer.name,
      clientId,
      redirectUri,
      codeChallenge,
      nonce: parameter(query, 'nonce'),
      loginHint: parameter(query, 'login_hint'),
    });
    target.searchParams.set('code', code);
    const state = parameter(query, 'state');
    if (state !== undefined) target.searchParams.set('state', state);
    // RFC 9207 section 2.
    target.searchParams.set('iss', issuer.issuerUrl);
    return { url: target.href, statusCode: 302 };
  }
}

/** Native clients listen on this machine (RFC 8252 section 7.3): a code is sent nowhere else. */
function loopbackUri(text: string): URL {
  const uri = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = uri !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(uri.hostname);
  if (!isLoopback || uri.protocol !== 'http:' || uri.hash !== '' || uri.username !== '') {
    throw refuse('redirect_uri', 'want a plain http address of this machine');
  }
  return uri;
}

function required(query: Readonly<Record<string, unknown>>, name: string): string {
  const value = parameter(query, name);
  if (value === undefined) throw refuse(name, 'is required');
  return value;
}

function parameter(query: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string' || value.length > MAX_PARAMETER) throw refuse(name, 'want one short value');
  return value;
}

function refuse(field: string, reason: string): HttpProblem {
  return new HttpProblem(400, `${field}: ${reason}`, { type: 'malformed-request', field });
}
