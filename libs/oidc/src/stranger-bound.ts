import { OidcError } from './errors.ts';
import type { IssuerFetch } from './fetch-json.ts';

/** Makes the `fetch` of one issuer; `isAcquainted` tells whether the issuer has shown its keys before. */
export type StrangerBound = (fetch: IssuerFetch, isAcquainted: () => boolean) => IssuerFetch;

const MAX_LOOKUPS = 16;

/**
 * Bounds how many unknown issuers are asked at a time, all together. A pattern lets anybody make up issuers without
 * end: their looking up must neither flood the hosts they name nor fill this machine with connections. Issuers that have
 * answered before are not held up by it.
 */
export function boundStrangers(): StrangerBound {
  let lookups = 0;
  return (fetch, isAcquainted) => async (url, init, access) => {
    if (isAcquainted()) return fetch(url, init, access);
    if (lookups >= MAX_LOOKUPS) {
      throw new OidcError(
        'DISCOVERY',
        'issuer discovery: too many unknown issuers are being looked up, come again',
      );
    }
    lookups++;
    try {
      return await fetch(url, init, access);
    } finally {
      lookups--;
    }
  };
}
