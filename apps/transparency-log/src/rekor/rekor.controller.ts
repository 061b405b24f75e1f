import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { HttpProblem, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { parseRekorEntryId } from '@sigstead/tlog';
import { assertAcceptable } from './accept.ts';
import { withDeadline } from './deadline.ts';
import { LineFeedInterceptor } from './line-feed.interceptor.ts';
import type { ConsistencyProofJson, LogEntryJson, LogInfoJson } from './log-entry-json.ts';
import { EnabledOperations, type Operation } from './operations.ts';
import { integerParameter, invalid, parameter, queryOf } from './query.ts';
import { RekorLog } from './rekor-log.ts';
import { parseRetrieveQuery } from './retrieve-query.ts';
import { parseSearchQuery } from './search-query.ts';

const JSON_TYPE = 'application/json';
const PEM_TYPE = 'application/x-pem-file';

/** Rekor v1: rekor `openapi.yaml`, with the statuses and headers its server really gives. */
@Controller()
@UseInterceptors(LineFeedInterceptor)
export class RekorController {
  readonly #log: RekorLog;
  readonly #operations: EnabledOperations;

  constructor(@Inject(RekorLog) log: RekorLog, @Inject(EnabledOperations) operations: EnabledOperations) {
    this.#log = log;
    this.#operations = operations;
  }

  @Get('ping')
  ping(@Res({ passthrough: true }) reply: FastifyReply): string {
    noCache(reply);
    void reply.header('content-type', 'text/plain');
    return '.';
  }

  @Post('api/v1/log/entries')
  async create(
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LogEntryJson> {
    this.#operations.assert('createLogEntry');
    if (body === undefined || body.length === 0) throw invalid(602, 'proposedEntry in body is required');
    const { entryId, entry } = await withDeadline(this.#log.create(body));
    if (entry === undefined) {
      throw new HttpProblem(
        409,
        `an equivalent entry already exists in the transparency log with UUID ${entryId}`,
        {
          type: 'entry-exists',
          headers: { location: `/api/v1/log/entries/${entryId}` },
        },
      );
    }
    // Bare, without the quotes of RFC 9110: clients compare it with the key of the answer.
    void reply.status(201).header('etag', entryId).header('location', locationOf(request.url, entryId));
    return entry;
  }

  @Post('api/v1/log/entries/retrieve')
  @HttpCode(200)
  async retrieve(@Body() body: Uint8Array | undefined): Promise<LogEntryJson[]> {
    this.#operations.assert('searchLogQuery');
    return withDeadline(parseRetrieveQuery(body).then((query) => this.#log.retrieve(query)));
  }

  @Post('api/v1/index/retrieve')
  @HttpCode(200)
  async search(@Body() body: Uint8Array | undefined): Promise<string[]> {
    this.#operations.assert('searchIndex');
    return withDeadline(this.#log.search(parseSearchQuery(body)));
  }

  @Get('api/v1/log/entries')
  async byIndex(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LogEntryJson> {
    this.#beginGet('getLogEntryByIndex', request, reply, JSON_TYPE);
    const index = integerParameter(request.url, 'logIndex', { minimum: 0n });
    return found(await withDeadline(this.#log.byIndex(index)));
  }

  @Get('api/v1/log/entries/:entryUUID')
  async byId(
    @Param('entryUUID') text: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LogEntryJson> {
    this.#beginGet('getLogEntryByUUID', request, reply, JSON_TYPE);
    if (!/^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$/.test(text)) {
      throw invalid(605, "entryUUID in path should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'");
    }
    return found(await withDeadline(this.#log.byId(parseRekorEntryId(text))));
  }

  @Get('api/v1/log')
  info(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LogInfoJson> {
    this.#beginGet('getLogInfo', request, reply, JSON_TYPE);
    return withDeadline(this.#log.info());
  }

  @Get('api/v1/log/publicKey')
  publicKey(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Buffer {
    this.#beginGet('getPublicKey', request, reply, PEM_TYPE);
    const shard = this.#log.shard(parameter(request.url, 'treeID'));
    if (shard === undefined) throw new HttpProblem(400, 'Bad Request');
    void reply.header('content-type', PEM_TYPE);
    return Buffer.from(shard.publicKeyPem());
  }

  @Get('api/v1/log/proof')
  async proof(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConsistencyProofJson> {
    this.#beginGet('getLogProof', request, reply, JSON_TYPE);
    const first = integerParameter(request.url, 'firstSize', { minimum: 1n, fallback: 1n });
    const last = integerParameter(request.url, 'lastSize', { minimum: 1n });
    const treeId = parameter(request.url, 'treeID');
    if (treeId !== undefined && !/^[0-9]+$/.test(treeId))
      throw invalid(605, "treeID in query should match '^[0-9]+$'");
    if (first > last) throw new HttpProblem(400, `firstSize(${first}) must be less than lastSize(${last})`);
    const shard = this.#log.shard(treeId);
    if (shard === undefined) {
      throw new HttpProblem(400, `no log range found for tree ID ${treeId?.slice(0, 20)}`);
    }
    const head = await withDeadline(shard.head());
    if (last > head.size) {
      throw new HttpProblem(
        400,
        `the tree size requested(${last}) was greater than what is currently observable(${head.size})`,
      );
    }
    return withDeadline(shard.consistencyProof(first, last, head));
  }

  /** What all GETs of the API have in common. */
  #beginGet(operation: Operation, request: FastifyRequest, reply: FastifyReply, offered: string): void {
    noCache(reply);
    this.#operations.assert(operation);
    assertAcceptable(request.headers.accept, offered);
  }
}

/** The headers of chi's NoCache, which Rekor puts on every GET. */
function noCache(reply: FastifyReply): void {
  void reply.headers({
    expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
    'cache-control': 'no-cache, no-store, no-transform, must-revalidate, private, max-age=0',
    pragma: 'no-cache',
    'x-accel-expires': '0',
  });
}

function found(entry: LogEntryJson | undefined): LogEntryJson {
  if (entry === undefined) throw new HttpProblem(404, 'not found', { emptyBody: true });
  return entry;
}

/** Relative, the request's path and query with the entry ID after the path; an API key is not repeated. */
function locationOf(url: string, entryId: string): string {
  const [path = ''] = url.split('?', 1);
  const kept = queryOf(url);
  kept.delete('apiKey');
  return `${path.replace(/\/+$/, '')}/${entryId}${kept.size > 0 ? `?${kept.toString()}` : ''}`;
}
