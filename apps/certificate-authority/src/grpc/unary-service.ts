import { status, type handleUnaryCall, type Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { grpcCode, type HttpProblem, type Log } from '@sigstead/server';
import { codeName, type GrpcMethod, type GrpcMetrics } from './grpc-metrics.ts';
import type { GrpcService } from './grpc-server.ts';

/** Answers one call: message and metadata in, message out. */
export type UnaryHandler = (message: Uint8Array, metadata: Metadata) => Uint8Array | Promise<Uint8Array>;

export interface UnaryServiceContext {
  readonly metrics: GrpcMetrics;
  readonly log: Log;
  /** What a known error is told as, the same as over HTTP; undefined means a bug. */
  readonly explain: (error: unknown) => HttpProblem | undefined;
}

/**
 * A service of unary methods. Messages pass as bytes, so that a malformed one is refused by the handler, with a reason.
 *
 * @param name with its package
 */
export function unaryService(
  name: string,
  handlers: Readonly<Record<string, UnaryHandler>>,
  context: UnaryServiceContext,
): GrpcService {
  const entries = Object.entries(handlers);
  return {
    definition: Object.fromEntries(entries.map(([method]) => [method, passThrough(`/${name}/${method}`)])),
    implementation: Object.fromEntries(
      entries.map(([method, handler]) => [method, answer({ service: name, method }, handler, context)]),
    ),
  };
}

function answer(
  method: GrpcMethod,
  handler: UnaryHandler,
  context: UnaryServiceContext,
): handleUnaryCall<Uint8Array, Uint8Array> {
  return (call, respond) => {
    const startedAt = performance.now();
    const handled = context.metrics.start(method);
    const end = (code: status) => {
      handled(code);
      context.log.info('call', {
        method: method.method,
        code: codeName(code),
        ms: Math.round(performance.now() - startedAt),
      });
    };
    const run = async () => handler(call.request, call.metadata);
    run().then(
      (message) => {
        end(status.OK);
        respond(null, message);
      },
      (error: unknown) => {
        const { code, details } = explained(error, method, context);
        end(code);
        respond({ code, details: wellFormed(details) });
      },
    );
  };
}

function explained(
  error: unknown,
  { method }: GrpcMethod,
  { explain, log }: UnaryServiceContext,
): { code: status; details: string } {
  const problem = explain(error);
  if (problem === undefined || problem.status >= 500)
    log.error(problem?.message ?? 'internal error', { method, error });
  return problem === undefined
    ? { code: status.INTERNAL, details: 'internal error' }
    : { code: grpcCode(problem), details: problem.message };
}

/** Half a surrogate pair, which a message may quote from a request, would make the status impossible to write. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function passThrough(path: string): MethodDefinition<Uint8Array, Uint8Array> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: Buffer.from,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes) => Buffer.from(bytes),
    responseDeserialize: (bytes) => bytes,
  };
}
