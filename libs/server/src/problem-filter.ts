import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { facePathOf, pathOf, type Face } from './face.ts';
import { HttpProblem } from './http-problem.ts';
import type { Log } from './log.ts';
import { discardRest } from './request-body.ts';
import type { RouteTable } from './route-table.ts';

const FRAMEWORK_MESSAGES: Readonly<Record<number, string>> = {
  400: 'malformed request',
  414: 'the path is too long',
};

export interface ProblemFilterOptions {
  readonly faceOf: (path: string) => Face;
  readonly routes: RouteTable;
  readonly explain: (error: unknown) => HttpProblem | undefined;
  readonly log: Log;
}

/** The one place where errors become answers: known ones in the face's shape, unknown ones as a bare 500 and a log line. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #options: ProblemFilterOptions;

  constructor(options: ProblemFilterOptions) {
    this.#options = options;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const path = pathOf(request);
    const face = this.#options.faceOf(facePathOf(request));
    const problem = this.#toProblem(error, request.method, path, face);
    // 501 is a wrong method in some faces, the caller's doing.
    const route = reply.request.routeOptions?.url ?? 'unrouted';
    // A passing failure of somebody else, which any caller may be able to bring about: one short line.
    if (problem.status >= 502 && problem.status <= 504)
      this.#options.log.warn(problem.message, { path: route, reason: innermost(error) });
    else if (problem.status >= 500 && problem.status !== 501) {
      this.#options.log.error(problem.message, { path: route, error });
    }
    // The client has gone, or an answer is under way already: there is nobody to tell.
    if (reply.sent || reply.raw.destroyed) return;
    const { status, contentType, body } = face.errors.render(problem);
    void reply.headers({ ...problem.options.headers }).status(status);
    const send = () => {
      if (problem.options.emptyBody) void reply.removeHeader('content-type').send();
      // As bytes: Fastify appends a charset to the content type of text.
      else void reply.header('content-type', contentType).send(Buffer.from(body));
    };
    if (face.stream || request.raw.complete) send();
    else answerEarly(request, reply, send);
  }

  #toProblem(error: unknown, method: string, path: string, face: Face): HttpProblem {
    if (error instanceof HttpProblem) return error;
    const explained = this.#options.explain(error);
    if (explained !== undefined) return explained;
    // Apps throw HttpProblem only; what is left comes from the framework.
    const status = frameworkStatus(error);
    if (status === 404) return this.#unrouted(method, path, face);
    if (status !== undefined && status < 500) {
      return new HttpProblem(status, FRAMEWORK_MESSAGES[status] ?? 'request refused', { cause: error });
    }
    return new HttpProblem(500, 'internal error', { type: 'internal', cause: error });
  }

  #unrouted(method: string, path: string, face: Face): HttpProblem {
    const allowed = this.#options.routes.methodsOf(path);
    const shown = path.slice(0, 200);
    if (allowed.length === 0)
      return new HttpProblem(404, face.errors.unknownPath(shown), { type: 'unknown-path' });
    return new HttpProblem(face.methodNotAllowed ?? 405, face.errors.wrongMethod(method, allowed), {
      type: 'method-not-allowed',
      headers: { allow: allowed.join(', ') },
    });
  }
}

/** Answers a request that has not arrived to its end, in a way that the answer gets through. */
function answerEarly({ raw }: FastifyRequest, reply: FastifyReply, send: () => void): void {
  if (!reply.raw.shouldKeepAlive) {
    // The connection goes with the answer.
    void discardRest(raw).then(send);
    return;
  }
  // Fastify wants to close it, too, under every answer to a body it did not get.
  void reply.header('connection', 'keep-alive');
  send();
  void discardRest(raw).then(() => {
    if (!raw.complete) raw.socket.destroy();
  });
}

function frameworkStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The message an error began with. */
function innermost(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  return inner instanceof Error ? inner.message : 'unknown';
}
