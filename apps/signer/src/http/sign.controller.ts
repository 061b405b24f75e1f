import { Body, Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { mediaTypeOf, originalContentType, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { SigningDesk } from '../desk/signing-desk.ts';
import { UploadDesk } from './upload-desk.ts';
import { HTTP_SURROUNDINGS, type HttpSurroundings } from './surroundings.ts';
import { readOrder } from './read-order.ts';
import { readStatementOrder, STATEMENT_MEDIA_TYPE } from './read-statement-order.ts';
import { respond } from './respond.ts';

@Controller('api/v1')
export class SignController {
  constructor(
    @Inject(SigningDesk) private readonly desk: SigningDesk,
    @Inject(UploadDesk) private readonly uploads: UploadDesk,
    @Inject(HTTP_SURROUNDINGS) private readonly surroundings: HttpSurroundings,
  ) {}

  /** Images, digests and attestations, one or many. */
  @Post('sign')
  async sign(
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { limits, log } = this.surroundings;
    await respond(readOrder(body, request.headers, 'sign', limits), this.desk, request, reply, log);
  }

  /** The body itself, whatever it is. */
  @Post('sign/blob')
  async signBlob(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await respond(await this.uploads.read(request), this.desk, request, reply, this.surroundings.log);
  }

  /** A statement or a predicate, about an image or a digest. */
  @Post('attest')
  async attest(
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { limits, log } = this.surroundings;
    const isStatement = mediaTypeOf(originalContentType(request.raw)) === STATEMENT_MEDIA_TYPE;
    const read = isStatement
      ? readStatementOrder(body, request)
      : readOrder(body, request.headers, 'attest', limits);
    await respond(read, this.desk, request, reply, log);
  }
}
