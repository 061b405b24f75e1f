import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { HttpProblem, type FastifyReply } from '@sigstead/server';
import { TrustFiles } from '../trust-files.ts';

/** `GET /trust/<name>`. A client that takes its first trust from here trusts this host and the way to it. */
@Controller('trust')
export class TrustController {
  readonly #files: TrustFiles;

  constructor(@Inject(TrustFiles) files: TrustFiles) {
    this.#files = files;
  }

  @Get(':name')
  async read(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const file = await this.#files.read(name);
    if (file === undefined)
      throw new HttpProblem(404, 'there is no such trust file', { type: 'unknown-trust-file' });
    void reply.header('content-type', file.contentType).header('cache-control', 'no-cache');
    return file.content;
  }
}
