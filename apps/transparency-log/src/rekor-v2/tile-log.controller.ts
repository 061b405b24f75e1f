import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { withDeadline } from '../rekor/deadline.ts';
import { RekorV2Log } from './rekor-v2-log.ts';
import type { RekorV2Shard } from './rekor-v2-shard.ts';
import { shardNamed } from './rekor-v2.controller.ts';

/** The read side of a Rekor v2 log (C2SP tlog-tiles), under every prefix that clients have for it. */
@Controller(['', 'api/v2', 'shards/:origin', 'shards/:origin/api/v2'])
export class TileLogController {
  readonly #log: RekorV2Log;

  constructor(@Inject(RekorV2Log) log: RekorV2Log) {
    this.#log = log;
  }

  @Get('checkpoint')
  async checkpoint(
    @Param('origin') origin: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const note = await withDeadline(this.#shard(origin).checkpoint());
    void reply.headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' });
    return Buffer.from(note);
  }

  @Get(['tile', 'tile/*'])
  async tile(
    @Param('origin') origin: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { tiles } = this.#shard(origin);
    const answer = await withDeadline(
      tiles.serve(tilePathOf(request.url), request.headers['accept-encoding']),
    );
    void reply.status(answer.status).headers(answer.headers);
    return Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.length);
  }

  #shard(origin: string | undefined): RekorV2Shard {
    return origin === undefined ? this.#log.active : shardNamed(this.#log, origin);
  }
}

/** From `tile/` on, as it was sent: no tile path needs an escape, so an escaped one is no tile path. */
function tilePathOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.slice(path.lastIndexOf('/tile/') + 1);
}
