import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from '@sigstead/server';
import { ImageSigner } from '../image-signer.ts';
import { toSignAnswer, type SignAnswer } from './sign-answer.ts';
import { readSignRequest } from './sign-request.ts';

@Controller()
export class SignController {
  constructor(@Inject(ImageSigner) private readonly signer: ImageSigner) {}

  @Post('/api/v1/sign')
  @HttpCode(200)
  async sign(@Body() body: Uint8Array | undefined, @Req() request: FastifyRequest): Promise<SignAnswer> {
    const { image, token, annotations } = readSignRequest(body, request.headers.authorization);
    return toSignAnswer(image, await this.signer.sign(image, token, annotations));
  }
}
