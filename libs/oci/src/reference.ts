import { quote, parseDigest } from './digest.ts';
import { OciError } from './errors.ts';

const MAX_LENGTH = 1024;
const MAX_REPOSITORY_LENGTH = 255;
const DEFAULT_REGISTRY = 'docker.io';

// The grammar of the distribution project (reference/reference.go). No pattern has two ways to match one text, so
// matching is linear.
const DOMAIN_COMPONENT = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(
  `^(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::([1-9][0-9]{0,4}))?$`,
);
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const BARE_IDENTIFIER = /^[a-f0-9]{64}$/;

/** Where an image lies: registry, repository and, when given, tag and digest. Made by {@link parseImageReference}. */
export class ImageReference {
  constructor(
    /** `host` or `host:port`, lower case; `docker.io` when the text named none. */
    readonly registry: string,
    readonly repository: string,
    readonly tag: string | undefined,
    /** `sha256:<hex>` */
    readonly digest: string | undefined,
  ) {}

  /** `registry/repository`, without tag and digest. */
  get name(): string {
    return `${this.registry}/${this.repository}`;
  }

  /** What a registry is asked for: the digest, else the tag, else `latest`. */
  get target(): string {
    return this.digest ?? this.tag ?? 'latest';
  }

  /** The same repository at a digest. The tag is dropped: it could name another image by now. */
  withDigest(digest: string): ImageReference {
    return new ImageReference(this.registry, this.repository, undefined, parseDigest(digest));
  }

  toString(): string {
    return (
      this.name +
      (this.tag === undefined ? '' : `:${this.tag}`) +
      (this.digest === undefined ? '' : `@${this.digest}`)
    );
  }
}

/**
 * Reads `[host[:port]/]repository[:tag][@digest]` by docker's rules: the first component is a host when it has a dot, a
 * colon or a capital letter, or is `localhost`; otherwise the registry is `docker.io`, where single names live under `library/`.
 *
 * @param text at most 1024 characters
 * @throws OciError REFERENCE
 */
export function parseImageReference(text: string): ImageReference {
  if (text.length > MAX_LENGTH)
    throw new OciError('REFERENCE', `image reference has ${text.length} characters, at most ${MAX_LENGTH}`);
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  const named = at < 0 ? text : text.slice(0, at);

  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag))
    throw new OciError('REFERENCE', `invalid tag ${quote(tag)} in image reference`);

  const path = hasTag ? named.slice(0, colon) : named;
  if (BARE_IDENTIFIER.test(path))
    throw new OciError('REFERENCE', 'image reference is a bare identifier of 64 hex digits');
  const [registry, repository] = splitRegistry(path);
  assertRegistry(registry);
  if (!isRepository(repository))
    throw new OciError('REFERENCE', `invalid repository ${quote(repository)} in image reference`);
  return new ImageReference(registry, repository, tag, digest);
}

export function isRepository(text: string): boolean {
  return text.length <= MAX_REPOSITORY_LENGTH && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

function splitRegistry(path: string): [registry: string, repository: string] {
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (!isHost) return [DEFAULT_REGISTRY, slash < 0 ? `library/${path}` : path];
  const host = first.toLowerCase();
  const rest = path.slice(slash + 1);
  if (host !== DEFAULT_REGISTRY && host !== `index.${DEFAULT_REGISTRY}`) return [host, rest];
  return [DEFAULT_REGISTRY, rest.includes('/') ? rest : `library/${rest}`];
}

function assertRegistry(registry: string): void {
  const match = DOMAIN.exec(registry);
  const port = match?.[1];
  if (match === null || (port !== undefined && Number(port) > 65535) || !isPlainHost(registry)) {
    throw new OciError('REFERENCE', `invalid registry ${quote(registry)} in image reference`);
  }
}

/** A URL parser rewrites `127.1` or `0x7f.0.0.1` to another host; such spellings would slip past every rule on host names, as `:0443` would. */
function isPlainHost(registry: string): boolean {
  const url = URL.canParse(`https://${registry}/`) ? new URL(`https://${registry}/`) : undefined;
  return url?.hostname === registry.replace(/:[0-9]+$/, '');
}
