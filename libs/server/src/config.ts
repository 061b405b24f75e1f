import { readFileSync } from 'node:fs';
import { z } from 'zod';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Settings from the environment, checked once at start and frozen. An empty variable counts as absent.
 *
 * @throws ConfigError naming every variable at fault and what was wanted of it; values are never repeated
 */
export function readConfig<T extends z.ZodType>(
  schema: T,
  environment: NodeJS.ProcessEnv,
): Readonly<z.output<T>> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const absent = issue.code !== 'custom' && issue.path.length === 1 && given[name] === undefined;
    return `  ${name || 'environment'}: ${absent ? 'is required' : issue.message}`;
  });
  throw new ConfigError(`settings are not usable:\n${faults.join('\n')}`);
}

/** A secret kept in a file, without its final line break. */
export function readSecret(path: string): string {
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}

const portNumber = () => z.coerce.number().int().min(0).max(65535);

/** Building blocks of the apps' schemas: environment variables are text. */
export const setting = {
  port: (fallback: number) => portNumber().default(fallback),
  /** A port that is only opened when it is set. */
  optionalPort: () => portNumber().optional(),
  host: () => z.string().min(1).default('127.0.0.1'),
  positive: (fallback: number) => z.coerce.number().int().positive().default(fallback),
  natural: (fallback: number) => z.coerce.number().int().nonnegative().default(fallback),
  url: () => z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, '')),
  file: () => z.string().min(1),
  list: () =>
    z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      ),
  flag: (fallback: boolean) =>
    z
      .enum(['true', 'false'])
      .default(fallback ? 'true' : 'false')
      .transform((text) => text === 'true'),
};
