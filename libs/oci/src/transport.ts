import { authorize, type Credentials } from './authorization.ts';
import { OciError } from './errors.ts';
import { exchange, type Answer, type Fetch, type Outgoing } from './exchange.ts';
import { apiHost, isLoopbackHost } from './hosts.ts';
import type { ImageReference } from './reference.ts';
import { isPassingFor, withRetries } from './retries.ts';

export type CredentialSource = (
  registry: string,
  repository: string,
) => Credentials | undefined | Promise<Credentials | undefined>;

export interface RegistryOptions {
  readonly fetch: Fetch;
  /** For each request with its whole answer, milliseconds. */
  readonly timeoutMs: number;
  /** Credentials for a repository of a registry (`host[:port]` as in references). They are sent to that registry only. */
  readonly credentials?: CredentialSource;
  /** Which `host[:port]` are spoken to without TLS. Unless told: this machine only. */
  readonly allowHttp?: (host: string) => boolean;
  /** Token services on other hosts that may be given a registry's credentials, by registry. */
  readonly tokenHosts?: Readonly<Record<string, string>>;
}

export type Access = 'pull' | 'pull,push' | 'pull,delete';

const MAX_REDIRECTS = 3;

/**
 * Requests to one registry with its credentials.
 *
 * Three rules hold on every hop: credentials and tokens go to the registry's own origin only; a registry that is
 * spoken to over https is never left for http; redirects are followed for reading only, and at most three times.
 */
export class Transport {
  readonly #options: RegistryOptions;
  readonly #authorizations = new Map<string, string>();
  readonly #pending = new Map<string, Promise<string>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** URL of `path` below `/v2/<repository>/`. */
  url(ref: ImageReference, path: string): URL {
    const host = apiHost(ref.registry);
    return new URL(`${this.#allowsHttp(host) ? 'http' : 'https'}://${host}/v2/${ref.repository}/${path}`);
  }

  /**
   * What failed for a moment only is asked again, where that is harmless.
   *
   * @param pulled a further repository of the same registry that the request reads from
   * @throws OciError UNAUTHORIZED, REFUSED and all of {@link exchange}
   */
  async send(
    ref: ImageReference,
    request: Outgoing,
    access: Access,
    pulled?: ImageReference,
  ): Promise<Answer> {
    return withRetries(() => this.#sendOnce(ref, request, access, pulled), isPassingFor(request));
  }

  async #sendOnce(
    ref: ImageReference,
    request: Outgoing,
    access: Access,
    pulled: ImageReference | undefined,
  ): Promise<Answer> {
    const scopes = [`repository:${ref.repository}:${access}`];
    if (pulled !== undefined) scopes.push(`repository:${pulled.repository}:pull`);
    const key = `${ref.registry} ${scopes.join(' ')}`;
    const used = this.#authorizations.get(key);
    const answer = await this.#follow(ref, request, used);
    if (answer.status !== 401 || answer.url.origin !== this.url(ref, '').origin) return answer;
    let authorization = this.#authorizations.get(key);
    // Unless another request got a new one meanwhile; and those that wait at the same time wait for the same.
    if (authorization === undefined || authorization === used) {
      const pending = this.#pending.get(key) ?? this.#authorize(ref, scopes, answer);
      this.#pending.set(key, pending);
      authorization = await pending.finally(() => this.#pending.delete(key));
      this.#authorizations.set(key, authorization);
    }
    // What came once does not come again.
    if (request.body !== undefined && !(request.body instanceof Uint8Array)) return answer;
    return this.#follow(ref, request, authorization);
  }

  async #authorize(ref: ImageReference, scopes: readonly string[], answer: Answer): Promise<string> {
    return authorize({
      fetch: this.#options.fetch,
      timeoutMs: this.#options.timeoutMs,
      registry: ref.registry,
      challenge: answer.headers.get('www-authenticate'),
      scopes,
      credentials: await this.#options.credentials?.(ref.registry, ref.repository),
      tokenHosts: this.#options.tokenHosts ?? {},
      assertUrl: (url) => this.#assertUrl(ref, url),
    });
  }

  async #follow(ref: ImageReference, request: Outgoing, authorization: string | undefined): Promise<Answer> {
    const home = this.url(ref, '').origin;
    let url = request.url;
    let trusted = authorization;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      this.#assertUrl(ref, url);
      if (url.origin !== home) trusted = undefined;
      const headers =
        trusted === undefined ? request.headers : { ...request.headers, authorization: trusted };
      const answer = await exchange(
        this.#options.fetch,
        { ...request, url, headers },
        this.#options.timeoutMs,
      );
      const isRedirect = [301, 302, 303, 307, 308].includes(answer.status);
      if (!isRedirect || (request.method !== 'GET' && request.method !== 'HEAD')) return answer;
      url = resolveLocation(answer, ref.registry);
    }
    throw new OciError('REFUSED', `registry ${ref.registry} redirects more than ${MAX_REDIRECTS} times`);
  }

  #assertUrl(ref: ImageReference, url: URL): void {
    if (url.username !== '' || url.password !== '') {
      throw new OciError('REFUSED', `registry ${ref.registry} points to a URL that carries credentials`);
    }
    const mayBeHttp = this.#allowsHttp(apiHost(ref.registry)) && this.#allowsHttp(url.host);
    if (url.protocol === 'https:' || (url.protocol === 'http:' && mayBeHttp)) return;
    throw new OciError(
      'REFUSED',
      `registry ${ref.registry} points to ${url.protocol}//${url.host}, only https is allowed there`,
    );
  }

  #allowsHttp(host: string): boolean {
    return (this.#options.allowHttp ?? isLoopbackHost)(host);
  }
}

/** The `Location` of an answer. @throws OciError MALFORMED */
export function resolveLocation(answer: Answer, registry: string): URL {
  const location = answer.headers.get('location') ?? '';
  if (location === '' || location.length > 8192 || !URL.canParse(location, answer.url.href)) {
    throw new OciError(
      'MALFORMED',
      `registry ${registry} answered ${answer.status} without a usable Location`,
    );
  }
  return new URL(location, answer.url);
}
