/** A configuration file once read: scalars of YAML are texts, because what they mean is decided by the field. */
export type Value = null | string | boolean | number | readonly Value[] | Mapping;

export type Mapping = ReadonlyMap<string, Value>;

export function isMapping(value: Value | undefined): value is Mapping {
  return value instanceof Map;
}
