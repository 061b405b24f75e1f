/** Docker Hub answers its API under another name than the one in references. */
const API_HOSTS: ReadonlyMap<string, string> = new Map([['docker.io', 'registry-1.docker.io']]);

/** Registries whose token service lives on another host that may still be given their credentials. */
const TOKEN_HOSTS: ReadonlyMap<string, string> = new Map([
  ['docker.io', 'auth.docker.io'],
  ['registry.gitlab.com', 'gitlab.com'],
]);

/** `host[:port]` to dial for a registry of a reference. */
export function apiHost(registry: string): string {
  return API_HOSTS.get(registry) ?? registry;
}

/** Whether `host[:port]` names this machine by name or literal address. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:[0-9]+$/, '');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127(?:\.[0-9]{1,3}){3}$/.test(name)
  );
}

/**
 * Whether a registry's credentials may go to its token service: only to the registry's own host, or to the one host
 * known to serve its tokens over https. Everything else could be an attacker's realm in a forged challenge.
 */
export function mayHoldCredentials(
  registry: string,
  realm: URL,
  extra: Readonly<Record<string, string>> = {},
): boolean {
  if (realm.host === new URL(`${realm.protocol}//${apiHost(registry)}`).host) return true;
  const known = Object.hasOwn(extra, registry) ? extra[registry] : TOKEN_HOSTS.get(registry);
  return realm.protocol === 'https:' && realm.host === known;
}
