import { readSecret } from '@sigstead/server';
import type { z } from 'zod';
import { withCredentials } from './administration.ts';

/** Environment variables by name, where they are set. */
export type Variables<Name extends string> = { readonly [name in Name]?: string | undefined };

/** The parts of a connection string, decoded; empty where it has none. */
export interface DatabaseAddress {
  readonly role: string;
  readonly password: string;
  readonly database: string;
}

/** Undefined unless it is `postgres://[role[:password]@]host[:port]/[database]`. */
export function parseDatabaseUrl(text: string): DatabaseAddress | undefined {
  try {
    const { hostname, username, password, pathname } = new URL(text);
    if (hostname === '') return undefined;
    return {
      role: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    return undefined;
  }
}

/** `<prefix>_URL`, completed with the password that `<prefix>_PASSWORD_FILE` holds when it is set. */
export function databaseUrlOf<Prefix extends string>(
  environment: Variables<`${Prefix}_URL` | `${Prefix}_PASSWORD_FILE`>,
  prefix: Prefix,
  context: z.RefinementCtx,
): string {
  const url = environment[`${prefix}_URL`] ?? '';
  if (environment[`${prefix}_PASSWORD_FILE`] === undefined) return url;
  const address = parseDatabaseUrl(url);
  if (address === undefined || address.role === '' || address.password !== '') {
    reportFault(
      context,
      `${prefix}_URL`,
      `must be postgres://role@host/database, its password being in ${prefix}_PASSWORD_FILE`,
    );
    return '';
  }
  const password = passwordOf(environment, `${prefix}_PASSWORD_FILE`, context);
  return password === undefined ? '' : withCredentials(url, { role: { name: address.role, password } });
}

/** What the file named by a variable holds; undefined after reporting why there is nothing. */
export function passwordOf<Name extends string>(
  environment: Variables<Name>,
  name: Name,
  context: z.RefinementCtx,
): string | undefined {
  const path = environment[name];
  if (path === undefined) {
    reportFault(context, name, 'is missing');
    return undefined;
  }
  let password: string;
  try {
    password = readSecret(path);
  } catch {
    reportFault(context, name, 'names a file that cannot be read');
    return undefined;
  }
  if (password !== '') return password;
  reportFault(context, name, 'names an empty file');
  return undefined;
}

export function reportFault(context: z.RefinementCtx, name: string, message: string): void {
  context.addIssue({ code: 'custom', path: [name], message });
}
