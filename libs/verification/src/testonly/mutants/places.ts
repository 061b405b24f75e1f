/** Keys and indices from the whole down to a part. */
export type Path = readonly (string | number)[];

/** A part of a tree and where it stands. Byte arrays are parts of their own. */
export interface Place {
  readonly path: Path;
  readonly value: unknown;
}

/** Every part, the whole first. */
export function* placesOf(value: unknown, path: Path = []): Generator<Place> {
  yield { path, value };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* placesOf(item, [...path, index]);
  } else if (isBranch(value)) {
    for (const [name, item] of Object.entries(value)) yield* placesOf(item, [...path, name]);
  }
}

/** A copy in which `edit` has changed the part at that place; `undefined` takes it out. Everything else is shared. */
export function edited<T>(whole: T, path: Path, edit: (part: unknown) => unknown): T {
  const [step, ...further] = path;
  if (step === undefined) return edit(whole) as T;
  if (Array.isArray(whole)) {
    return whole.map((item, index) => (index === step ? edited(item, further, edit) : item)) as T;
  }
  const { [step]: part, ...rest } = whole as Record<string, unknown>;
  const changed = edited(part, further, edit);
  return (changed === undefined ? rest : { ...(whole as object), [step]: changed }) as T;
}

/** The part at that place, undefined where there is none. */
export function partAt(whole: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, step) =>
      typeof part === 'object' && part !== null
        ? (part as Record<string | number, unknown>)[step]
        : undefined,
    whole,
  );
}

/** As in `verificationMaterial.tlogEntries[0].logIndex`; `bundle` for the whole. */
export function nameOf(path: Path): string {
  const name = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return name === '' ? 'bundle' : name.replace(/^\./, '');
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
