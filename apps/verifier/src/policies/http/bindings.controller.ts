import { Body, Controller, Delete, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { EncodingError, parseJson } from '@sigstead/encoding';
import { HttpProblem, type FastifyReply, type FastifyRequest } from '@sigstead/server';
import { isPolicyName } from '@sigstead/verification';
import { z } from 'zod';
import { DEFAULT_NAMESPACE, MAX_BOUND_POLICIES, type Binding } from '../binding-store.ts';
import { PolicyAdministration } from '../policy-administration.ts';
import { PolicyStoreError } from '../policy-store-error.ts';
import { cutPage, parsePage } from './page.ts';
import { parsePrecondition, versionTag } from './precondition.ts';

export const MAX_BINDING_BYTES = 8 * 1024;

/** Kubernetes: a DNS label (RFC 1123). */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const bindingSchema = z.strictObject({
  policies: z
    .array(z.string().refine(isPolicyName, 'want the name of a policy'))
    .max(MAX_BOUND_POLICIES)
    .refine((names) => new Set(names).size === names.length, 'has a name twice'),
});

/** Which policies hold for which namespace; `*` for all that have no binding of their own. */
@Controller('api/v1/policy-bindings')
export class BindingsController {
  readonly #administration: PolicyAdministration;

  constructor(@Inject(PolicyAdministration) administration: PolicyAdministration) {
    this.#administration = administration;
  }

  @Get()
  async list(@Query() query: Record<string, unknown>): Promise<object> {
    const { limit, after } = parsePage(query);
    const found = await this.#administration.stored.bindings.list(limit + 1, after);
    const { items, next } = cutPage(found, limit, ({ namespace }) => namespace);
    return { bindings: items.map(describe), ...(next === undefined ? {} : { next }) };
  }

  @Get(':namespace')
  async current(
    @Param('namespace') namespace: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const binding = await this.#administration.stored.bindings.current(known(namespace));
    void reply.header('etag', versionTag(binding.version)).header('cache-control', 'no-cache');
    return describe(binding);
  }

  @Put(':namespace')
  async put(
    @Param('namespace') namespace: string,
    @Body() body: Uint8Array | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const author = this.#administration.writers.authenticate(request.headers.authorization);
    const { bindings } = this.#administration.stored;
    const expected = parsePrecondition(request.headers);
    const { policies } = parseBinding(body ?? new Uint8Array());
    const binding = await bindings.put(assertNamespace(namespace), policies, author, expected);
    void reply.status(binding.version === 1 ? 201 : 200).header('etag', versionTag(binding.version));
    return describe(binding);
  }

  @Delete(':namespace')
  async remove(@Param('namespace') namespace: string, @Req() request: FastifyRequest): Promise<object> {
    const author = this.#administration.writers.authenticate(request.headers.authorization);
    const { bindings } = this.#administration.stored;
    const expected = parsePrecondition(request.headers);
    const { policies: _, ...gone } = describe(await bindings.remove(known(namespace), author, expected));
    return { ...gone, deleted: true };
  }
}

interface DescribedBinding {
  readonly namespace: string;
  readonly version: number;
  readonly author: string;
  readonly recordedAt: string;
  readonly policies: readonly string[];
}

function describe({ recordedAt, ...binding }: Binding): DescribedBinding {
  return { ...binding, recordedAt: recordedAt.toISOString() };
}

function parseBinding(body: Uint8Array): z.output<typeof bindingSchema> {
  const result = bindingSchema.safeParse(parseBody(body));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = (issue?.path ?? []).map(String).join('.');
  throw new HttpProblem(
    400,
    `${field === '' ? 'request body' : field}: ${issue?.message ?? 'is not usable'}`,
    {
      type: 'invalid-request',
      ...(field === '' ? {} : { field }),
    },
  );
}

function parseBody(body: Uint8Array): unknown {
  try {
    return parseJson(body, { maxBytes: MAX_BINDING_BYTES, maxDepth: 4, uniqueMembers: true });
  } catch (cause) {
    if (!(cause instanceof EncodingError)) throw cause;
    throw new HttpProblem(400, `request body: ${cause.message}`, { type: 'malformed-json', cause });
  }
}

function isNamespace(text: string): boolean {
  return text === DEFAULT_NAMESPACE || NAMESPACE.test(text);
}

function assertNamespace(text: string): string {
  if (isNamespace(text)) return text;
  throw new HttpProblem(400, 'a namespace is a DNS label, or * for all others', {
    type: 'invalid-request',
    field: 'namespace',
  });
}

function known(text: string): string {
  if (isNamespace(text)) return text;
  throw new PolicyStoreError('NOT_FOUND', `no policies are bound to ${JSON.stringify(text.slice(0, 80))}`);
}
