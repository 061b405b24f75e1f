import { lookup as resolveHost, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { dial } from '@sigstead/dial';
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
 * Redirects are never followed. Of `fetch` it knows method, headers, bytes or a stream of bytes as body, and signal.
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
    const checked = checkedLookup(lookup, (address) => assertReachable(address, target.host));
    return dial(url, init, free ? { agents } : { agents, lookup: checked });
  };
  const close = () => {
    agents.http.destroy();
    agents.https.destroy();
  };
  return { fetch, close };
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
