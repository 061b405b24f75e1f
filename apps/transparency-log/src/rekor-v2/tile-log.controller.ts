import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import { withDeadline } from '../rekor/deadline.ts';
import { answerTile } from '../tiles/answer-tile.ts';
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
  tile(
    @Param('origin') origin: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return withDeadline(answerTile(this.#shard(origin).tiles, request, reply));
  }

  #shard(origin: string | undefined): RekorV2Shard {
    return origin === undefined ? this.#log.active : shardNamed(this.#log, origin);
  }
}
