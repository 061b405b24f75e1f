import { OidcError, quote } from '../errors.ts';
import { isMapping, type Mapping, type Value } from './value.ts';

/** How keys are spelled: `issuer-url` in YAML; in JSON `IssuerURL` in any case, as Go takes it, or the same as in YAML. */
export type Spelling = 'yaml' | 'json';

export interface SectionContext {
  readonly spelling: Spelling;
  /** Paths of the keys that mean nothing. */
  readonly ignored: string[];
}

const BOOLEANS: ReadonlyMap<Value, boolean> = new Map<Value, boolean>([
  [true, true],
  [false, false],
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'y', 'Y'].map(
    (text) => [text, true] as const,
  ),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'n', 'N'].map(
    (text) => [text, false] as const,
  ),
]);

export function invalid(path: string, message: string, cause?: unknown): OidcError {
  return new OidcError('CONFIG', `issuer configuration at ${path || 'top level'}: ${message}`, { cause });
}

/** What a step does with an OidcError CONFIG of its own: says where in the file. */
export function at<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof OidcError) throw invalid(path, cause.message, cause);
    throw cause;
  }
}

/** One mapping of the file whose keys are known; fields are read by their YAML names. */
export class Section {
  readonly path: string;
  readonly context: SectionContext;
  readonly #values = new Map<string, Value>();

  constructor(value: Value, known: readonly string[], path: string, context: SectionContext) {
    this.path = path;
    this.context = context;
    const names = new Map(known.flatMap((name) => spellings(name, context.spelling)));
    for (const [key, content] of mappingAt(value, path)) {
      const name = names.get(context.spelling === 'json' ? key.toLowerCase() : key);
      if (name === undefined) context.ignored.push(join(path, key));
      else if (this.#values.has(name)) throw invalid(join(path, key), 'given under two names');
      else this.#values.set(name, content);
    }
  }

  at(name: string): string {
    return join(this.path, name);
  }

  value(name: string): Value | undefined {
    return this.#values.get(name) ?? undefined;
  }

  /** A text that is not empty; null and an empty text are absent, as in Go. */
  text(name: string): string | undefined {
    const value = this.value(name) ?? '';
    if (typeof value !== 'string') throw invalid(this.at(name), 'want a text');
    return value === '' ? undefined : value;
  }

  flag(name: string): boolean {
    const value = BOOLEANS.get(this.value(name) ?? false);
    if (value === undefined)
      throw invalid(this.at(name), `want true or false, not ${quote(this.value(name))}`);
    return value;
  }

  /** Entries of a mapping whose keys are the operator's own. */
  entries(name: string): [key: string, value: Value, path: string][] {
    const path = this.at(name);
    return [...mappingAt(this.value(name) ?? null, path)].map(([key, value]) => [
      key,
      value,
      join(path, key),
    ]);
  }
}

function mappingAt(value: Value, path: string): Mapping {
  if (value === null) return new Map();
  if (!isMapping(value)) throw invalid(path, 'want a mapping');
  return value;
}

function spellings(name: string, spelling: Spelling): [string, string][] {
  const names = spelling === 'yaml' ? [name] : [name, name.replaceAll('-', '')];
  return names.map((spelled) => [spelled, name]);
}

function join(path: string, key: string): string {
  const step = /^[A-Za-z0-9_-]{1,64}$/.test(key) ? key : `[${quote(key)}]`;
  return path === '' || step.startsWith('[') ? path + step : `${path}.${step}`;
}
