import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { HttpProblem } from '@sigstead/server';
import type { DevelopmentIssuer } from './development-issuer.ts';
import { DEVICE_LIFETIME_SECONDS, DeviceCodes, POLL_INTERVAL_SECONDS } from './device-codes.ts';
import { findIssuer, ISSUERS } from './find-issuer.ts';
import { formOf } from './form.ts';

/** RFC 8628 section 3.2. */
interface DeviceAuthorization {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

const HTML = 'text/html; charset=utf-8';
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const USER_CODE = /^[A-Za-z -]{8,16}$/;

/** Login from a machine without a browser (RFC 8628), and the page where it is approved. Nobody is asked who they are. */
@Controller('issuers/:name')
export class DeviceController {
  constructor(
    @Inject(ISSUERS) private readonly issuers: ReadonlyMap<string, DevelopmentIssuer>,
    @Inject(DeviceCodes) private readonly codes: DeviceCodes,
  ) {}

  @Post('device_authorization')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  authorize(@Param('name') name: string, @Body() body: Uint8Array | undefined): DeviceAuthorization {
    const issuer = findIssuer(this.issuers, name);
    const form = formOf(body) ?? new URLSearchParams();
    const clientId = form.get('client_id') ?? '';
    const codeChallenge = form.get('code_challenge') ?? undefined;
    if (clientId === '') throw refuse('client_id: is required');
    if (
      codeChallenge !== undefined &&
      (form.get('code_challenge_method') !== 'S256' || !S256_CHALLENGE.test(codeChallenge))
    ) {
      throw refuse('code_challenge: want a SHA-256 in base64url and the method S256');
    }
    const { deviceCode, userCode } = this.codes.issue({ issuer: issuer.name, clientId, codeChallenge });
    const page = `${issuer.issuerUrl}/device`;
    return {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: DEVICE_LIFETIME_SECONDS,
      interval: POLL_INTERVAL_SECONDS,
    };
  }

  @Get('device')
  @Header('content-type', HTML)
  page(@Param('name') name: string, @Query('user_code') userCode: unknown): string {
    findIssuer(this.issuers, name);
    return approvalPage(typeof userCode === 'string' && USER_CODE.test(userCode) ? userCode : '');
  }

  @Post('device')
  @HttpCode(200)
  @Header('content-type', HTML)
  decide(@Param('name') name: string, @Body() body: Uint8Array | undefined): string {
    const issuer = findIssuer(this.issuers, name);
    const form = formOf(body) ?? new URLSearchParams();
    const decision = form.get('decision') === 'deny' ? 'access_denied' : 'approved';
    if (!this.codes.decide(issuer.name, form.get('user_code') ?? '', decision)) {
      throw refuse('user_code: no login waits for this code');
    }
    return messagePage(decision === 'approved' ? 'Logged in: go back to your terminal.' : 'Refused.');
  }
}

function refuse(reason: string): HttpProblem {
  return new HttpProblem(400, reason, { type: 'malformed-request', extra: { error: 'invalid_request' } });
}

function approvalPage(userCode: string): string {
  return messagePage(`<form method="post">
  <label>Code <input name="user_code" value="${userCode}" autofocus></label>
  <button name="decision" value="approve">Log in</button>
  <button name="decision" value="deny">Refuse</button>
</form>`);
}

function messagePage(content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Development issuer</title>
<h1>Development issuer</h1>
${content}
</html>
`;
}
