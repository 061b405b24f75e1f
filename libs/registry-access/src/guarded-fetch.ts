import { lookup as resolveHost, type LookupAddress } from 'node:dns';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ReadableStream } from 'node:stream/web';
import { OciError, type Fetch } from '@sigstead/oci';
import { isPublicAddress } from './public-address.ts';

export interface GuardedFetch {
  readonly fetch: Fetch;
  /** Closes kept connections. */
  close(): void;
}

/** How names are resolved and which addresses may be reached; the system's resolver and public ones unless given. */
export interface GuardEnvironment {
  readonly lookup?: LookupFunction;
  readonly isReachable?: (address: string) => boolean;
}

/**
 * A `fetch` that reaches the public internet only, unless the operator named the host. The address is judged where the
 * connection is made and at no other time, so a name that changes its mind between check and use gains nothing.
 *
 * Redirects are never followed. Of `fetch` it knows method, headers, bytes as body, and signal.
 */
export function createGuardedFetch(
  isNamed: (host: string) => boolean,
  environment: GuardEnvironment = {},
): GuardedFetch {
  const { lookup = resolveHost as LookupFunction, isReachable = isPublicAddress } = environment;
  const assertReachable = (address: string, host: string) => {
    if (!isReachable(address)) throw refused(host);
  };
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  const fetch: Fetch = async (url, init) => {
    const target = new URL(url);
    const free = isNamed(target.host);
    const hostname = target.hostname.replace(/^\[|\]$/g, '');
    if (!free && isIP(hostname) !== 0) assertReachable(hostname, target.host);
    const options: RequestOptions = {
      method: init.method ?? 'GET',
      headers: init.headers as Record<string, string>,
      ...(init.signal ? { signal: init.signal } : {}),
      ...(free ? {} : { lookup: checkedLookup(lookup, (address) => assertReachable(address, target.host)) }),
    };
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const agent = target.protocol === 'https:' ? agents.https : agents.http;
    const open = () => send(target, { ...options, agent });
    const message = await exchange(open, init.body as Uint8Array | undefined).catch((error: unknown) => {
      // As `fetch` has it: what ends with its signal ends with the signal's reason.
      throw init.signal?.aborted === true ? init.signal.reason : error;
    });
    return toResponse(message, options.method === 'HEAD', init.signal ?? undefined);
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
      request
        .on('response', resolve)
        .on('error', reject)
        // Node closes a connection that was upgraded unasked (status 101) without a word of either event.
        .on('close', () => reject(new Error('the connection was closed without an answer')))
        .end(body);
    });
  } catch (error) {
    if (request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
      return exchange(open, body);
    throw error;
  }
}

/** Resolves once, for the connection itself. One private address among public ones is refused: which is dialled is not ours to choose. */
function checkedLookup(lookup: LookupFunction, assertReachable: (address: string) => void): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = found as LookupAddress[] | undefined;
      const [first] = addresses ?? [];
      if (error !== null || addresses === undefined || first === undefined) {
        return callback(error ?? new Error(`${hostname} has no address`), '');
      }
      try {
        for (const { address } of addresses) assertReachable(address);
      } catch (refusal) {
        return callback(refusal as Error, '');
      }
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function refused(host: string): OciError {
  return new OciError(
    'REFUSED',
    `${host} is not on the public internet; name it in the list of allowed registries to go there`,
  );
}

function toResponse(message: IncomingMessage, isHead: boolean, signal: AbortSignal | undefined): Response {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at] as string, message.rawHeaders[at + 1] as string);
  }
  const hasBody = !isHead && ![204, 205, 304].includes(status);
  if (!hasBody) message.resume();
  return new Response(hasBody ? ReadableStream.from(chunksOf(message, signal)) : null, { status, headers });
}

/** A body cut off by the signal ends with the signal's reason, not with the socket's. */
async function* chunksOf(
  message: IncomingMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* message as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}
