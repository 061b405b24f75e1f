import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { decodeHex } from '@sigstead/encoding';
import { HttpProblem, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { withDeadline } from '../rekor/deadline.ts';
import { answerTile } from '../tiles/answer-tile.ts';
import { CtLogs } from './ct-logs.ts';

/** A certificate is at an address that is its own hash. */
const KEPT = 'public, max-age=31536000, immutable';

/** The read side of a CT log in tiles (C2SP static-ct-api), under the shard's path. */
@Controller('ctlog/:shard')
export class StaticCtController {
  readonly #logs: CtLogs;

  constructor(@Inject(CtLogs) logs: CtLogs) {
    this.#logs = logs;
  }

  @Get('checkpoint')
  async checkpoint(
    @Param('shard') shard: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const note = await withDeadline(this.#logs.of(shard).heads.checkpoint());
    void reply.headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' });
    return Buffer.from(note);
  }

  @Get(['tile', 'tile/*'])
  async tile(
    @Param('shard') shard: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { tiles } = this.#logs.of(shard);
    return withDeadline(answerTile(tiles, request, reply));
  }

  @Get('issuer/:fingerprint')
  async issuer(
    @Param('shard') shard: string,
    @Param('fingerprint') fingerprint: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { reader } = this.#logs.of(shard);
    if (!/^[0-9a-f]{64}$/.test(fingerprint))
      throw new HttpProblem(404, 'issuers are found by the 64 lower-case hex digits of their SHA-256');
    const der = await withDeadline(reader.issuer(decodeHex(fingerprint)));
    void reply.headers({ 'content-type': 'application/pkix-cert', 'cache-control': KEPT });
    return Buffer.from(der.buffer, der.byteOffset, der.length);
  }
}
