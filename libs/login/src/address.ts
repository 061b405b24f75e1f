/**
 * An address that may be dialled, or shown to a browser: https, or plain http where both it and the issuer are this machine.
 * Anything else would let an issuer send the code in the clear, or have a program opened.
 */
export function webAddress(text: unknown, issuerUrl: string): URL | undefined {
  if (typeof text !== 'string' || text.length > MAX_ADDRESS_LENGTH || !VISIBLE_ASCII.test(text))
    return undefined;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return undefined;
  if (url.protocol === 'https:') return url;
  return isLoopbackHttp(url) && URL.canParse(issuerUrl) && isLoopbackHttp(new URL(issuerUrl))
    ? url
    : undefined;
}

/** RFC 8252 section 7.3: plain http to this machine is not read on the way. */
export function isLoopbackHttp({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

const MAX_ADDRESS_LENGTH = 2048;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
