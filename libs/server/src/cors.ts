import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { facePathOf, type Face } from './face.ts';

/** What Sigstore's services allow: simple methods, and no header that carries a secret. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD']);
const HEADERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'x-requested-with']);

/**
 * Cross-origin resource sharing (Fetch standard, section 3.2) for the faces that ask for it, as Fulcio and Rekor answer:
 * any origin, no credentials, no exposed headers, preflights 204 whether or not they permit anything.
 */
export function allowOtherOrigins(fastify: FastifyInstance, faceOf: (path: string) => Face): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (faceOf(facePathOf(request)).cors !== true) return;
    const asked = request.headers['access-control-request-method'];
    if (request.method === 'OPTIONS' && asked !== undefined) return answerPreflight(request, reply, asked);
    void reply.header('vary', 'Origin');
    if (request.headers.origin !== undefined && METHODS.has(request.method)) {
      void reply.header('access-control-allow-origin', '*');
    }
  });
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply, method: string): FastifyReply {
  void reply.header('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
  const headers = namesIn(request.headers['access-control-request-headers']);
  if (
    request.headers.origin !== undefined &&
    METHODS.has(method) &&
    headers.every((name) => HEADERS.has(name))
  ) {
    void reply.headers({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': method,
      ...(headers.length === 0 ? {} : { 'access-control-allow-headers': headers.join(', ') }),
    });
  }
  return reply.status(204).send();
}

function namesIn(list: string | string[] | undefined): string[] {
  return [list ?? []]
    .flat()
    .flatMap((names) => names.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
