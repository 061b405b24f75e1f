/** An absolute http(s) URL without credentials, query and fragment, else nothing. */
export function parseWebUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '' ? url : undefined;
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
