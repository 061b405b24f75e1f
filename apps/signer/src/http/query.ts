import { z } from 'zod';
import type { RekorVersion } from '../service-plans.ts';
import { readShape } from './read-json.ts';

const MAX_NAME_LENGTH = 1024;

const schema = z.strictObject({
  rekorVersion: z.enum(['1', '2'], 'want 1 or 2').optional(),
  /** What the artifact is called in the answer and in the record. */
  name: z.string().max(MAX_NAME_LENGTH).optional(),
});

/** What a request whose body is the artifact itself says beside it. @throws HttpProblem 400 naming the parameter */
export function readQuery(query: unknown): {
  rekorVersion: RekorVersion | undefined;
  name: string | undefined;
} {
  const { rekorVersion, name } = readShape(schema, query);
  return { rekorVersion: rekorVersion === undefined ? undefined : rekorVersion === '1' ? 1 : 2, name };
}
