import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { decodeHex } from '@sigstead/encoding';
import { HttpProblem, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import type { TransparencyLogEntryJson } from '@sigstead/tlog';
import { withDeadline } from '../rekor/deadline.ts';
import { integerParameter } from '../rekor/query.ts';
import { explainSubmission } from './errors.ts';
import { RekorV2Log } from './rekor-v2-log.ts';
import type { FoundEntryJson, RekorV2Shard } from './rekor-v2-shard.ts';
import { parseRekorV2Search } from './search-query.ts';

const LEAF_HASH = /^[0-9a-fA-F]{64}$/;

/**
 * Rekor v2: rekor-tiles `rekor_service.proto` over its HTTP gateway, with the statuses and texts its server gives. Looking entries up
 * is ours. Under a shard's path everything is about that shard.
 */
@Controller(['api/v2', 'shards/:origin', 'shards/:origin/api/v2'])
export class RekorV2Controller {
  readonly #log: RekorV2Log;

  constructor(@Inject(RekorV2Log) log: RekorV2Log) {
    this.#log = log;
  }

  @Post('log/entries')
  async create(
    @Param('origin') origin: string | undefined,
    @Body() body: Uint8Array | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TransparencyLogEntryJson> {
    const shard = this.#shard(origin);
    const { entry, conflict } = await this.#create(body ?? new Uint8Array(), shard);
    if (conflict) {
      throw new HttpProblem(
        409,
        `an equivalent entry already exists in the transparency log with index ${entry.logIndex}`,
        { type: 'entry-exists', headers: { 'x-log-index': entry.logIndex } },
      );
    }
    void reply.status(201);
    return entry;
  }

  @Get('log/entries')
  async byIndex(
    @Param('origin') origin: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<TransparencyLogEntryJson> {
    const shard = this.#shard(origin) ?? this.#log.active;
    const index = integerParameter(request.url, 'logIndex', { minimum: 0n });
    return found(await withDeadline(shard.byIndex(index)));
  }

  @Get('log/entries/:leafHash')
  async byLeafHash(
    @Param('origin') origin: string | undefined,
    @Param('leafHash') leafHash: string,
  ): Promise<TransparencyLogEntryJson> {
    const shard = this.#shard(origin);
    if (!LEAF_HASH.test(leafHash)) throw new HttpProblem(400, 'leafHash in path must have 64 hex digits');
    return found(await withDeadline(this.#log.byLeafHash(decodeHex(leafHash), shard)));
  }

  @Post('index/retrieve')
  @HttpCode(200)
  async search(
    @Param('origin') origin: string | undefined,
    @Body() body: Uint8Array | undefined,
  ): Promise<FoundEntryJson[]> {
    const shard = this.#shard(origin);
    return withDeadline(this.#log.search(parseRekorV2Search(body), shard));
  }

  async #create(body: Uint8Array, shard: RekorV2Shard | undefined): ReturnType<RekorV2Log['create']> {
    try {
      return await withDeadline(this.#log.create(body, shard));
    } catch (error) {
      throw explainSubmission(error);
    }
  }

  /** Undefined when none is named. */
  #shard(origin: string | undefined): RekorV2Shard | undefined {
    return origin === undefined ? undefined : shardNamed(this.#log, origin);
  }
}

/** @throws HttpProblem 404 */
export function shardNamed(log: RekorV2Log, origin: string): RekorV2Shard {
  const shard = log.shard(origin);
  if (shard === undefined) throw new HttpProblem(404, 'Not Found', { type: 'unknown-log' });
  return shard;
}

function found(entry: TransparencyLogEntryJson | undefined): TransparencyLogEntryJson {
  if (entry === undefined) throw new HttpProblem(404, 'there is no such entry', { type: 'unknown-entry' });
  return entry;
}
