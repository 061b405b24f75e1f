import { parseBody, textField } from '../rekor/json-body.ts';
import { readSearchQuery, type SearchQuery } from '../rekor/search-query.ts';

/** What to search for: as in Rekor v1, and where a page goes on. */
export interface RekorV2Search extends SearchQuery {
  /** The shard that `before` is an index of; the newest one unless told. */
  readonly origin: string | undefined;
}

/**
 * The body of `POST /api/v2/index/retrieve`, which is ours: stock Rekor v2 has no search.
 *
 * @throws HttpProblem 400, 422
 */
export function parseRekorV2Search(body: Uint8Array | undefined): RekorV2Search {
  const query = parseBody(body, 'query');
  return { ...readSearchQuery(query), origin: textField(query, 'origin', 'query') };
}
