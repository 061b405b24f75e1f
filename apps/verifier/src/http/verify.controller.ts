import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { renderVerdict, type ImageVerdict } from '@sigstead/verification';
import { ImageVerifier } from '../image-verifier.ts';
import { prefersText } from './accept.ts';
import { parseVerifyRequest } from './verify-request.ts';

/** A verdict, with the same as text. */
export type VerifyAnswer = ImageVerdict & { readonly text: string };

/**
 * `POST /api/v1/verify`. A verification that was carried out is 200, whatever it found: the answer is `verified`. Other statuses
 * mean that there was none.
 */
@Controller('api/v1')
export class VerifyController {
  readonly #verifier: ImageVerifier;

  constructor(@Inject(ImageVerifier) verifier: ImageVerifier) {
    this.#verifier = verifier;
  }

  @Post('verify')
  @HttpCode(200)
  async verify(
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<VerifyAnswer | string> {
    const { image, policy } = parseVerifyRequest(body ?? new Uint8Array());
    const verdict = await this.#verifier.verify(image, policy);
    const text = renderVerdict(verdict);
    void reply.header('cache-control', 'no-store').header('vary', 'accept');
    if (!prefersText(request.headers.accept)) return { ...verdict, text };
    void reply.header('content-type', 'text/plain; charset=utf-8');
    return text;
  }
}
