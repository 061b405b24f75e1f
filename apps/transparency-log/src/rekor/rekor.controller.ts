import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { encodeHex } from '@sigstead/encoding';
import { HttpProblem, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { parseRekorEntryId } from '@sigstead/tlog';
import { integerParameter, invalid, parameter, queryOf } from './query.ts';
import { RekorLog, type LogEntryJson, type LogInfoJson } from './rekor-log.ts';

/** Rekor v1: rekor `openapi.yaml`, with the statuses and headers its server really gives. */
@Controller()
export class RekorController {
  readonly #log: RekorLog;

  constructor(@Inject(RekorLog) log: RekorLog) {
    this.#log = log;
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
    if (body === undefined || body.length === 0) throw invalid(602, 'proposedEntry in body is required');
    const { entryId, entry } = await this.#log.create(body);
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

  @Get('api/v1/log/entries')
  async byIndex(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LogEntryJson> {
    noCache(reply);
    const index = integerParameter(request.url, 'logIndex', { minimum: 0n });
    return found(await this.#log.byIndex(index));
  }

  @Get('api/v1/log/entries/:entryUUID')
  async byId(
    @Param('entryUUID') text: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LogEntryJson> {
    noCache(reply);
    if (!/^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$/.test(text)) {
      throw invalid(605, "entryUUID in path should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'");
    }
    return found(await this.#log.byId(parseRekorEntryId(text)));
  }

  @Get('api/v1/log')
  info(@Res({ passthrough: true }) reply: FastifyReply): Promise<LogInfoJson> {
    noCache(reply);
    return this.#log.info();
  }

  @Get('api/v1/log/publicKey')
  publicKey(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Buffer {
    noCache(reply);
    const treeId = parameter(request.url, 'treeID');
    if (treeId !== undefined && treeId !== this.#log.treeId.toString())
      throw new HttpProblem(400, 'Bad Request');
    void reply.header('content-type', 'application/x-pem-file');
    return Buffer.from(this.#log.publicKeyPem());
  }

  @Get('api/v1/log/proof')
  async proof(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ hashes: string[]; rootHash: string }> {
    noCache(reply);
    const first = integerParameter(request.url, 'firstSize', { minimum: 1n, fallback: 1n });
    const last = integerParameter(request.url, 'lastSize', { minimum: 1n });
    const treeId = parameter(request.url, 'treeID');
    if (treeId !== undefined && !/^[0-9]+$/.test(treeId))
      throw invalid(605, "treeID in query should match '^[0-9]+$'");
    if (treeId !== undefined && treeId !== this.#log.treeId.toString()) {
      throw new HttpProblem(400, `no log range found for tree ID ${treeId.slice(0, 20)}`);
    }
    if (first > last) throw new HttpProblem(400, `firstSize(${first}) must be less than lastSize(${last})`);
    const head = await this.#log.head();
    if (last > head.size) {
      throw new HttpProblem(
        400,
        `the tree size requested(${last}) was greater than what is currently observable(${head.size})`,
      );
    }
    return { hashes: await this.#log.consistencyProof(first, last), rootHash: encodeHex(head.root) };
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
