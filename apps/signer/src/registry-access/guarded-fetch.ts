import { lookup as resolveHost } from 'node:dns';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { OciError, type Fetch } from '@sigstead/oci';
import { isPublicAddress } from './public-address.ts';

export interface GuardedFetch {
  readonly fetch: Fetch;
  /** Closes kept connections. */
  close(): void;
}

/**
 * A `fetch` that reaches the public internet only, unless the operator named the host. The address is judged where the
 * connection is made and at no other time, so a name that changes its mind between check and use gains nothing.
 *
 * Redirects are never followed. Of `fetch` it knows method, headers, bytes as body, and signal.
 */
export function createGuardedFetch(isNamed: (host: string) => boolean): GuardedFetch {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  const fetch: Fetch = async (url, init) => {
    const target = new URL(url);
    const free = isNamed(target.host);
    const hostname = target.hostname.replace(/^\[|\]$/g, '');
    if (!free && isIP(hostname) !== 0) assertPublic(hostname, target.host);
    const options: RequestOptions = {
      method: init.method ?? 'GET',
      headers: init.headers as Record<string, string>,
      ...(init.signal ? { signal: init.signal } : {}),
      ...(free ? {} : { lookup: publicLookup(target.host) }),
    };
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const agent = target.protocol === 'https:' ? agents.https : agents.http;
    const message = await exchange(
      () => send(target, { ...options, agent }),
      init.body as Uint8Array | undefined,
    );
    return toResponse(message, options.method === 'HEAD');
  };
  const close = () => {
    agents.http.destroy();
    agents.https.destroy();
  };
  return { fetch, close };
}

/** A kept connection may be closed just as it is used again: such a request never arrived, and is sent once more. */
async function exchange(open: () => ClientRequest, body: Uint8Array | undefined): Promise<IncomingMessage> {
  const request = open();
  try {
    return await new Promise((resolve, reject) => {
      request.on('response', resolve).on('error', reject).end(body);
    });
  } catch (error) {
    if (request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
      return exchange(open, body);
    throw error;
  }
}

function publicLookup(host: string): LookupFunction {
  return (hostname, options, callback) => {
    resolveHost(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined)
        return callback(error ?? new Error(`${hostname} has no address`), '');
      try {
        for (const { address } of addresses) assertPublic(address, host);
      } catch (refusal) {
        return callback(refusal as Error, '');
      }
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function assertPublic(address: string, host: string): void {
  if (isPublicAddress(address)) return;
  throw new OciError(
    'REFUSED',
    `${host} is not on the public internet, and the signer is not configured to go there`,
  );
}

function toResponse(message: IncomingMessage, isHead: boolean): Response {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at] as string, message.rawHeaders[at + 1] as string);
  }
  const hasBody = !isHead && ![204, 205, 304].includes(status);
  if (!hasBody) message.resume();
  return new Response(hasBody ? (Readable.toWeb(message) as ReadableStream) : null, { status, headers });
}
