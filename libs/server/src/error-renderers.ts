import { STATUS_CODES } from 'node:http';
import type { HttpProblem } from './http-problem.ts';

export interface RenderedError {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The error shape of one API. */
export interface ErrorRenderer {
  render(problem: HttpProblem): RenderedError;
  /** Text for a path that no route has. */
  unknownPath(path: string): string;
  /** Text for a route that exists under other methods. */
  wrongMethod(method: string, allowed: readonly string[]): string;
  wrongMediaType(mediaType: string, accepted: readonly string[]): string;
}

/** google.rpc.Code by HTTP status. */
const GRPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  408: 4,
  409: 6,
  412: 9,
  413: 3,
  415: 3,
  429: 8,
  499: 1,
  501: 12,
  503: 14,
  504: 4,
};

/** google.rpc.Code of a problem, 13 (INTERNAL) where its status has none of its own. */
export function grpcCode(problem: HttpProblem): number {
  return GRPC_CODES[problem.status] ?? 13;
}

/** google.rpc.Status as grpc-gateway writes it: Fulcio and Rekor v2. A body over the limit is a plain 400 there. */
export const googleStatusErrors: ErrorRenderer = {
  render: (problem) => ({
    status: problem.status === 413 || problem.status === 415 ? 400 : problem.status,
    contentType: 'application/json',
    body: JSON.stringify({ code: grpcCode(problem), message: problem.message, details: [] }),
  }),
  unknownPath: () => 'Not Found',
  wrongMethod: () => 'Method Not Allowed',
  wrongMediaType: (mediaType) => `unsupported media type ${JSON.stringify(mediaType)}`,
};

/** `{code, message}` of go-openapi: Rekor v1. */
export const rekorErrors: ErrorRenderer = {
  render: (problem) => ({
    status: problem.status,
    contentType: 'application/json',
    body: JSON.stringify({
      code: problem.options.extra?.['code'] ?? problem.status,
      message: problem.message,
    }),
  }),
  unknownPath: (path) => `path ${path} was not found`,
  wrongMethod: (method, allowed) => `method ${method} is not allowed, but [${allowed.join(',')}] are`,
  wrongMediaType: (mediaType, accepted) =>
    `unsupported media type ${JSON.stringify(mediaType)}, only [${accepted.join(',')}] are allowed`,
};

/** `<status text>\n<detail>`: certificate transparency. */
export const textErrors: ErrorRenderer = {
  render: (problem) => ({
    status: problem.status,
    contentType: 'text/plain; charset=utf-8',
    body: `${STATUS_CODES[problem.status] ?? problem.status}\n${problem.message}\n`,
  }),
  unknownPath: (path) => `no such path: ${path}`,
  wrongMethod: (method, allowed) => `method ${method}, want ${allowed.join(' or ')}`,
  wrongMediaType: (mediaType, accepted) =>
    `media type ${JSON.stringify(mediaType)}, want ${accepted.join(' or ')}`,
};

/** RFC 9457 problem+json: our own APIs. */
export const problemJsonErrors: ErrorRenderer = {
  render: (problem) => ({
    status: problem.status,
    contentType: 'application/problem+json',
    body: JSON.stringify({
      type:
        problem.options.type === undefined ? 'about:blank' : `urn:sigstead:problem:${problem.options.type}`,
      title: STATUS_CODES[problem.status] ?? 'Error',
      status: problem.status,
      detail: problem.message,
      ...(problem.options.field === undefined ? {} : { field: problem.options.field }),
      ...problem.options.extra,
    }),
  }),
  unknownPath: (path) => `there is nothing at ${path}`,
  wrongMethod: (method, allowed) => `method ${method} is not allowed here, ${allowed.join(' and ')} are`,
  wrongMediaType: (mediaType, accepted) =>
    `media type ${JSON.stringify(mediaType)} is not accepted here, want ${accepted.join(' or ')}`,
};
