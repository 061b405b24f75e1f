import type { FastifyReply, FastifyRequest } from '@sigstead/server';
import type { TileServer } from './serve-tile.ts';

/** Answers a request for something below `/tile/`. */
export async function answerTile(
  tiles: TileServer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Buffer> {
  const { status, headers, body } = await tiles.serve(
    tilePathOf(request),
    request.headers['accept-encoding'],
  );
  void reply.status(status).headers(headers);
  return Buffer.from(body.buffer, body.byteOffset, body.length);
}

/** From the route's `tile/` on, as it was sent: no tile path needs an escape, so an escaped one is no tile path. */
function tilePathOf({ url, routeOptions }: FastifyRequest): string {
  const [path = ''] = url.split('?', 1);
  const prefix = routeOptions.url?.split('/').indexOf('tile');
  return path.split('/').slice(prefix).join('/');
}
