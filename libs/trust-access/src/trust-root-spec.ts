import { dirname, resolve } from 'node:path';
import { decodeUtf8, EncodingError } from '@sigstead/encoding';
import { parse } from 'yaml';
import { z } from 'zod';
import { TrustAccessError } from './errors.ts';

/** Where a trusted root comes from. */
export type TrustRootSpec =
  | { readonly name: string; readonly source: 'file'; readonly path: string }
  | {
      readonly name: string;
      readonly source: 'tuf';
      /** Root of the repository, http or https. */
      readonly mirror: string;
      /** File of the root that trust begins with. Its owner vouches for it: it is never fetched. */
      readonly initialRoot: string;
    }
  | {
      readonly name: string;
      readonly source: 'public-good';
      /** Whether its TUF mirror is asked; else the root that ships with this program is all there is. */
      readonly refresh: boolean;
    };

export const MAX_SPEC_BYTES = 64 * 1024;
const MAX_ROOTS = 16;

/** Part of a file name, of metrics and of verdicts. */
const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'want lower-case letters, digits, dots and hyphens');
const pathSchema = z.string().min(1).max(4096);
const urlSchema = z.url({ protocol: /^https?$/, error: 'want a URL with http or https' });

const rootSchema = z.union(
  [
    z.strictObject({ name: nameSchema, file: pathSchema }),
    z.strictObject({ name: nameSchema, tuf: z.strictObject({ mirror: urlSchema, initialRoot: pathSchema }) }),
    z.strictObject({
      name: nameSchema,
      publicGood: z.strictObject({ refresh: z.boolean().default(false) }),
    }),
  ],
  'want a name, and either file, tuf: { mirror, initialRoot } or publicGood: { refresh }',
);

const documentSchema = z.strictObject({ trustRoots: z.array(rootSchema).min(1).max(MAX_ROOTS) });

/**
 * Reads a list of trust roots in YAML or JSON:
 *
 * ```yaml
 * trustRoots:
 *   - name: acme
 *     file: trusted_root.json
 *   - name: partner
 *     tuf: { mirror: https://tuf.partner.example, initialRoot: partner.root.json }
 *   - name: public-good
 *     publicGood: { refresh: true }
 * ```
 *
 * @param file where the list lies: relative paths in it begin there
 * @throws TrustAccessError CONFIG
 */
export function parseTrustRootSpecs(text: Uint8Array, file: string): readonly TrustRootSpec[] {
  const result = documentSchema.safeParse(parseYaml(text, file));
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = (issue?.path ?? []).join('.');
    throw new TrustAccessError(
      'CONFIG',
      `${file}: ${where === '' ? '' : `${where}: `}${issue?.message ?? ''}`,
    );
  }
  const folder = dirname(resolve(file));
  const specs = result.data.trustRoots.map((root): TrustRootSpec => {
    const { name } = root;
    if ('file' in root) return { name, source: 'file', path: resolve(folder, root.file) };
    if ('publicGood' in root) return { name, source: 'public-good', ...root.publicGood };
    const { mirror, initialRoot } = root.tuf;
    return { name, source: 'tuf', mirror, initialRoot: resolve(folder, initialRoot) };
  });
  assertDistinct(specs);
  return specs;
}

/** Whoever reads a verdict must know which root it rests on. @throws TrustAccessError CONFIG */
export function assertDistinct(specs: readonly TrustRootSpec[]): void {
  const names = specs.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new TrustAccessError('CONFIG', `two trust roots are called ${twice}`);
}

function parseYaml(text: Uint8Array, file: string): unknown {
  if (text.length > MAX_SPEC_BYTES)
    throw new TrustAccessError(
      'CONFIG',
      `${file} has ${text.length} bytes, at most ${MAX_SPEC_BYTES} are taken`,
    );
  try {
    return parse(decodeUtf8(text), { maxAliasCount: 0, schema: 'core' });
  } catch (cause) {
    const reason =
      cause instanceof EncodingError || cause instanceof Error ? cause.message.split('\n', 1)[0] : '';
    throw new TrustAccessError('CONFIG', `${file} is neither YAML nor JSON: ${reason}`, { cause });
  }
}
