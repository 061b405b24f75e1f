/** Longest key the search API can ask for. A longer name could never be looked up, so it is left out. */
const MAX_KEY_LENGTH = 512;

/**
 * One form for keys written and keys asked for: lower case (Rekor's search ignores case), without repeats, without
 * keys that no query can name.
 */
export function normalizeIndexKeys(keys: readonly string[]): string[] {
  const normal = keys.map(normalizeIndexKey).filter(isSearchable);
  return [...new Set(normal)];
}

/** The stored form of one key; apply it to queries as well. */
export function normalizeIndexKey(key: string): string {
  return key.toLowerCase();
}

/** NUL cannot be stored as text by every database and is in no legitimate name. */
function isSearchable(key: string): boolean {
  return key !== '' && key.length <= MAX_KEY_LENGTH && !key.includes('\0');
}
