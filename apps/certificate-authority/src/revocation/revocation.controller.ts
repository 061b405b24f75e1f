import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from '@sigstead/server';
import type { PublishedDocument } from './kept-document.ts';
import { RevocationPublisher } from './revocation-publisher.ts';

/** How long a cache may keep a document that a revocation could replace at any moment. */
const MAX_AGE_SECONDS = 60;

/** What is revoked, for whoever verifies. */
@Controller('ca')
export class RevocationController {
  constructor(@Inject(RevocationPublisher) private readonly publisher: RevocationPublisher) {}

  @Get('crl')
  async crl(@Res() reply: FastifyReply): Promise<void> {
    send(reply, 'application/pkix-crl', await this.publisher.crl());
  }

  @Get('revocations')
  async revocations(@Res() reply: FastifyReply): Promise<void> {
    send(reply, 'application/json', await this.publisher.list());
  }
}

function send(reply: FastifyReply, contentType: string, { bytes, issuedAt }: PublishedDocument): void {
  void reply
    .headers({
      'content-type': contentType,
      'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
      'last-modified': issuedAt.toUTCString(),
    })
    .send(bytes);
}
