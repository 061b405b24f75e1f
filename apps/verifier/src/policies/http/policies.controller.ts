import { Body, Controller, Delete, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { HttpProblem, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { isPolicyName } from '@sigstead/verification';
import { PolicyAdministration } from '../policy-administration.ts';
import { PolicyStoreError } from '../policy-store-error.ts';
import type { PolicyVersion } from '../policy-store.ts';
import { cutPage, parseNumber, parsePage } from './page.ts';
import { parsePrecondition, versionTag } from './precondition.ts';
import { readPolicyDocument } from './read-body.ts';

const MAX_VERSION = 999_999_999;

/** Policies by name, with every version of them. */
@Controller('api/v1/policies')
export class PoliciesController {
  readonly #administration: PolicyAdministration;

  constructor(@Inject(PolicyAdministration) administration: PolicyAdministration) {
    this.#administration = administration;
  }

  @Get()
  async list(@Query() query: Record<string, unknown>): Promise<object> {
    const { limit, after } = parsePage(query);
    const found = await this.#administration.stored.policies.list(limit + 1, after);
    const { items, next } = cutPage(found, limit, ({ name }) => name);
    return { policies: items.map((policy) => summaryOf(policy)), ...(next === undefined ? {} : { next }) };
  }

  @Get(':name')
  async current(
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const policy = await this.#administration.stored.policies.current(known(name));
    void reply.header('etag', versionTag(policy.version)).header('cache-control', 'no-cache');
    return { ...summaryOf(policy), document: policy.document };
  }

  @Put(':name')
  async put(
    @Param('name') name: string,
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const author = this.#administration.writers.authenticate(request.headers.authorization);
    const { policies } = this.#administration.stored;
    const expected = parsePrecondition(request.headers);
    const document = readPolicyDocument(body);
    if (document.metadata.name !== name) {
      throw new HttpProblem(400, 'metadata.name is another name than that in the path', {
        type: 'invalid-policy',
        field: 'metadata.name',
      });
    }
    const policy = await policies.put(name, document, author, expected);
    void reply.status(policy.version === 1 ? 201 : 200).header('etag', versionTag(policy.version));
    return summaryOf(policy);
  }

  @Delete(':name')
  async remove(@Param('name') name: string, @Req() request: FastifyRequest): Promise<object> {
    const author = this.#administration.writers.authenticate(request.headers.authorization);
    const { policies } = this.#administration.stored;
    return summaryOf(await policies.remove(known(name), author, parsePrecondition(request.headers)));
  }

  @Get(':name/versions')
  async versions(@Param('name') name: string, @Query() query: Record<string, unknown>): Promise<object> {
    const { limit, after } = parsePage(query);
    const before = after === undefined ? undefined : parseNumber('after', after, MAX_VERSION);
    const found = await this.#administration.stored.policies.versions(known(name), limit + 1, before);
    if (found.length === 0 && before === undefined) throw unknown(name);
    const { items, next } = cutPage(found, limit, ({ version }) => version);
    return { versions: items.map((version) => summaryOf(version)), ...(next === undefined ? {} : { next }) };
  }

  @Get(':name/versions/:version')
  async version(
    @Param('name') name: string,
    @Param('version') version: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const number = parseNumber('version', version, MAX_VERSION);
    const policy = await this.#administration.stored.policies.version(known(name), number);
    void reply.header('etag', versionTag(policy.version)).header('cache-control', 'max-age=86400, immutable');
    return { ...summaryOf(policy), document: policy.document };
  }
}

function summaryOf({ name, version, author, recordedAt, document }: PolicyVersion): object {
  return {
    name,
    version,
    author,
    recordedAt: recordedAt.toISOString(),
    ...(document === undefined
      ? { deleted: true }
      : { mode: document.spec.mode ?? 'enforce', description: document.metadata.description }),
  };
}

function known(name: string): string {
  if (isPolicyName(name)) return name;
  throw unknown(name);
}

function unknown(name: string): PolicyStoreError {
  return new PolicyStoreError('NOT_FOUND', `there is no policy ${JSON.stringify(name.slice(0, 80))}`);
}
