interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Remembers every registered route, so that a path known under another method can be told from an unknown one. */
export class RouteTable {
  readonly #routes = new Map<string, KnownRoute>();

  add(url: string, methods: readonly string[]): void {
    const known = this.#routes.get(url) ?? { pattern: toPattern(url), methods: new Set<string>() };
    for (const method of methods) known.methods.add(method);
    this.#routes.set(url, known);
  }

  /** Methods under which some route takes this path, HEAD left out. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const route of this.#routes.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    methods.delete('HEAD');
    return [...methods].sort();
  }
}

function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) =>
      segment
        .split(/(:[A-Za-z0-9_]+|\*)/)
        .map((part) =>
          part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
        )
        .join(''),
    )
    .join('/');
  return new RegExp(`^${source}/?$`);
}
