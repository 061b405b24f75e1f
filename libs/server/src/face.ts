import type { FastifyRequest } from 'fastify';
import { problemJsonErrors, type ErrorRenderer } from './error-renderers.ts';

/** How one API behaves where no controller has a say: error shape, body bound, content types, wrong methods. */
export interface Face {
  /** Path prefix, whole segments; the longest match wins. */
  readonly prefix: string;
  readonly errors: ErrorRenderer;
  /** Bytes of a request body, more is answered 413 unread. */
  readonly bodyLimit: number;
  /** Content types of request bodies; absent: any, and none. Others are answered 415. */
  readonly mediaTypes?: readonly string[];
  /** Status for a known path under another method, 405 unless told. */
  readonly methodNotAllowed?: 405 | 501;
  /** The body is left unread: the controller reads `request.raw` itself, and bounds it. */
  readonly stream?: boolean;
  /** Web pages of any origin may read it and post to it. For public APIs that take no cookies. */
  readonly cors?: boolean;
}

const FALLBACK: Face = { prefix: '/', errors: problemJsonErrors, bodyLimit: 64 * 1024 };

/** Finds the face of a path. */
export function faceTable(faces: readonly Face[]): (path: string) => Face {
  const longestFirst = [...faces].sort((a, b) => b.prefix.length - a.prefix.length);
  return (path) => longestFirst.find(({ prefix }) => isUnder(path, prefix)) ?? FALLBACK;
}

/** Whether the path is the prefix or lies under it, by whole segments. */
export function isUnder(path: string, prefix: string): boolean {
  const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
  return path === prefix || path.startsWith(folder);
}

/** Path of the request as it came, without the query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] as string;
}

/** What chooses the face: the route, however the caller spelled it (`%61` for `a`), else the path as it came. */
export function facePathOf(request: FastifyRequest): string {
  return (request.is404 ? undefined : request.routeOptions.url) ?? pathOf(request);
}
