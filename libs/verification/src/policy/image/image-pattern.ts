import { compilePattern } from '../../pattern.ts';
import { invalid } from '../rule.ts';

/** Decides whether a policy is about an image, by `registry/repository`. */
export interface ImagePattern {
  readonly text: string;
  /** @param name of {@link canonicalImageName} */
  matches(name: string): boolean;
}

const MAX_LENGTH = 255;
const MAX_WILDCARDS = 8;
/** Registry first: a dot, a port, `localhost` or a wildcard tells it from a repository. */
const REGISTRY = /^(?:localhost|\[[a-f0-9:]+\](?::[0-9]+)?|[a-z0-9*-]*[.:*][a-z0-9.:*-]*)$/;
const SEGMENT = /^[a-z0-9._*-]+$/;

/**
 * Compiles a pattern: `*` is any text within one component, `**` any number of whole components.
 * `ghcr.io/acme/*` has `ghcr.io/acme/app` and not `ghcr.io/acme/team/app`; `ghcr.io/acme/**` has both; `**` has every image.
 *
 * @throws PolicyError POLICY_INVALID
 */
export function compileImagePattern(field: string, text: string): ImagePattern {
  if (text.length > MAX_LENGTH) {
    throw invalid(field, `${field} has ${text.length} characters, at most ${MAX_LENGTH} are taken`);
  }
  const segments = text.split('/');
  const [registry = '', ...repository] = segments;
  const isAny = text === '**';
  if (!isAny && (!REGISTRY.test(registry) || repository.length === 0)) {
    throw invalid(field, `${field} is registry/repository in lower case, such as ghcr.io/acme/*, or **`);
  }
  const bad = repository.find((segment) => !SEGMENT.test(segment));
  if (bad !== undefined) throw invalid(field, `${field} has a component that no repository can have`);
  const mixed = segments.find((segment) => segment.includes('**') && segment !== '**');
  if (mixed !== undefined)
    throw invalid(field, `${field} has ** beside other text: it stands for whole components`);
  if (text.split('*').length - 1 > MAX_WILDCARDS * 2) {
    throw invalid(field, `${field} has too many wildcards, at most ${MAX_WILDCARDS} are taken`);
  }
  const pattern = compilePattern(field, sourceOf(segments), true);
  return { text, matches: (name) => pattern.test(name) };
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['index.docker.io', 'docker.io'],
  ['registry-1.docker.io', 'docker.io'],
  ['registry.hub.docker.com', 'docker.io'],
]);

/**
 * One name per image for patterns to be put to: another spelling of the same registry must not lead past a policy.
 *
 * @param registry `host` or `host:port`
 */
export function canonicalImageName(registry: string, repository: string): string {
  const host = registry.toLowerCase().replace(/:443$/, '');
  return `${ALIASES.get(host) ?? host}/${repository}`;
}

/** RE2, so that no pattern takes more than linear time. */
function sourceOf(segments: readonly string[]): string {
  const last = segments.length - 1;
  return segments
    .map((segment, at) => {
      if (segment === '**') return at === last ? '.+' : '(?:.+/)?';
      const text = segment.replace(/[.[\]]/g, '\\$&').replaceAll('*', '[^/]*');
      return at === last ? text : `${text}/`;
    })
    .join('');
}
