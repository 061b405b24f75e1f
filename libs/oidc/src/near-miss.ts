import { quote } from './errors.ts';
import type { IssuerPool, PooledIssuer } from './issuer-pool.ts';

/** A configured issuer that a text was perhaps meant to name, and how they differ. */
export interface NearMiss {
  readonly issuer: PooledIssuer;
  /** Such as `it has a slash at the end that is not wanted`. */
  readonly difference: string;
}

const MAX_COMPARED = 1000;
const MAX_ISSUER_LENGTH = 1024;

/**
 * The configured issuer that a text nearly names. Only for explaining a refusal: whoever is nearly the issuer is not the
 * issuer. Look-alike hosts are not found; nothing here should make one look right.
 */
export function findNearMiss(text: string, issuers: IssuerPool): NearMiss | undefined {
  if (text.length > MAX_ISSUER_LENGTH) return undefined;
  for (const { wanted, difference } of respellings(text)) {
    const issuer = issuers.find(wanted);
    if (issuer !== undefined) return { issuer, difference };
  }
  for (const { issuerUrl } of issuers.configuration.issuers.slice(0, MAX_COMPARED)) {
    const difference = differenceOf(text, issuerUrl);
    const issuer = difference === undefined ? undefined : issuers.find(issuerUrl);
    if (difference !== undefined && issuer !== undefined) return { issuer, difference };
  }
  return undefined;
}

/** Spellings one slip away; they find patterns of issuers too. */
function respellings(text: string): { readonly wanted: string; readonly difference: string }[] {
  const given = [
    { wanted: text.trim(), difference: 'it has white space around it' },
    { wanted: text.replace(/\/$/, ''), difference: 'it has a slash at the end that is not wanted' },
    { wanted: `${text}/`, difference: 'it lacks the slash at the end' },
    { wanted: text.replace(/^http:/i, 'https:'), difference: 'it says http, want https' },
    { wanted: text.replace(/^https:/i, 'http:'), difference: 'it says https, want http' },
    { wanted: `https://${text}`, difference: 'it lacks https://' },
  ];
  return given.filter(({ wanted }) => wanted !== text);
}

function differenceOf(text: string, issuerUrl: string): string | undefined {
  const [given, wanted] = [plain(text), plain(issuerUrl)];
  if (given === undefined || wanted === undefined) return undefined;
  if (text.toLowerCase() === issuerUrl.toLowerCase())
    return 'it differs in upper and lower case, which count';
  if (given.whole.toLowerCase() === wanted.whole.toLowerCase())
    return 'it differs in scheme, port, case or a slash at the end';
  if (given.host !== wanted.host) return undefined;
  if (wanted.path.startsWith(`${given.path}/`))
    return `it lacks ${quote(wanted.path.slice(given.path.length))} at its end`;
  if (given.path.startsWith(`${wanted.path}/`))
    return `it has ${quote(given.path.slice(wanted.path.length))} at its end, which is not wanted`;
  return `it has another path, ${quote(given.path)}, want ${quote(wanted.path)}`;
}

/** Host and path as they compare when scheme, port and final slashes are set aside. */
function plain(text: string): { host: string; path: string; whole: string } | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  return { host: url.host, path, whole: `${url.hostname}${path}` };
}
