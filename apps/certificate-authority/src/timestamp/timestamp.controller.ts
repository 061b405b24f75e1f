import { Body, Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { mediaTypeOf, originalContentType, type FastifyRequest } from '@sigstead/server';
import { TimestampDesk } from './timestamp-desk.ts';
import { bodyRequired } from './timestamp-errors.ts';

/** Sigstore's timestamp authority (timestamp-authority: openapi.yaml). */
@Controller()
export class TimestampController {
  constructor(@Inject(TimestampDesk) private readonly desk: TimestampDesk) {}

  @Post('api/v1/timestamp')
  @HttpCode(200)
  @Header('content-type', 'application/timestamp-reply')
  @Header('cache-control', 'no-cache, no-store, no-transform, must-revalidate, private, max-age=0')
  @Header('pragma', 'no-cache')
  @Header('expires', 'Thu, 01 Jan 1970 00:00:00 UTC')
  @Header('x-accel-expires', '0')
  timestamp(@Body() body: Uint8Array | undefined, @Req() request: FastifyRequest): Promise<Uint8Array> {
    if (body === undefined || body.length === 0) throw bodyRequired();
    // The face has let these two through and no other.
    const isJson = mediaTypeOf(originalContentType(request.raw)) === 'application/json';
    return this.desk.answer(body, isJson ? 'application/json' : 'application/timestamp-query');
  }

  @Get('api/v1/timestamp/certchain')
  @Header('content-type', 'application/pem-certificate-chain')
  @Header('cache-control', 'max-age=86400, immutable')
  certificateChain(): string {
    return this.desk.chainPem;
  }

  @Get('ping')
  @Header('content-type', 'text/plain')
  ping(): string {
    return '.';
  }
}
