const LOOPBACK = '127.0.0.1';

/** What `HOST` means: where to listen, and how the services of this process reach each other. */
export interface Addresses {
  readonly listen: readonly string[];
  /** Host of a URL. */
  readonly dial: string;
}

/** `localhost` is both loopback addresses: clients differ in which of the two they try. */
export function addressesOf(host: string): Addresses {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost') return { listen: [LOOPBACK, '::1'], dial: LOOPBACK };
  // All addresses: a place to listen, not one to connect to.
  if (name === '0.0.0.0') return { listen: [name], dial: LOOPBACK };
  if (name === '::') return { listen: [name], dial: '[::1]' };
  // One more address: the stack's own URLs are those of this machine.
  return { listen: [...new Set([LOOPBACK, name])], dial: LOOPBACK };
}
