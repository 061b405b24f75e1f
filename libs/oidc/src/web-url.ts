// The URL parser repairs white space, backslashes and missing slashes without a word; others read such a text otherwise.
const WEB_URL = /^https?:\/\/[^/\\?#@\s\p{Cc}]+(?:\/[^\\?#\s\p{Cc}]*)?$/iu;

/** An absolute http(s) URL without credentials, query and fragment, else nothing. */
export function parseWebUrl(text: string): URL | undefined {
  return WEB_URL.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether the URL is plain http to this machine (RFC 8252 section 7.3 and RFC 6761 section 6.3). */
export function isLoopbackHttp(text: string): boolean {
  const url = parseWebUrl(text);
  return url?.protocol === 'http:' && isLoopbackHost(url.hostname);
}

// The URL parser has already turned every spelling of an address (decimal, octal, short) into the dotted form.
function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}
