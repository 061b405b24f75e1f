import { setting } from '@sigstead/server';
import { z } from 'zod';
import { passwordOf, reportFault } from '@sigstead/postgres';
import type { AnchorSettings } from './open-anchor.ts';

/** Either the first, or all the others. */
export const anchorVariables = {
  /** One folder per log is made in it. */
  ANCHOR_DIRECTORY: z.string().min(1).optional(),
  /** https://endpoint/bucket, with a prefix behind it if wanted; one object per log is made in it. */
  ANCHOR_BUCKET_URL: z.url({ protocol: /^https?$/ }).optional(),
  ANCHOR_BUCKET_REGION: z.string().min(1).default('us-east-1'),
  ANCHOR_BUCKET_ACCESS_KEY_ID: z.string().min(1).optional(),
  ANCHOR_BUCKET_SECRET_FILE: setting.file().optional(),
};

type Environment = z.infer<z.ZodObject<typeof anchorVariables>>;

export function anchorsOf(environment: Environment, context: z.RefinementCtx): AnchorSettings {
  const directory = environment.ANCHOR_DIRECTORY;
  const url = environment.ANCHOR_BUCKET_URL;
  if (url === undefined) {
    if (directory === undefined)
      reportFault(context, 'ANCHOR_DIRECTORY', 'is missing, and so is ANCHOR_BUCKET_URL');
    return { directory: directory ?? '' };
  }
  if (directory !== undefined)
    reportFault(context, 'ANCHOR_DIRECTORY', 'and ANCHOR_BUCKET_URL are both set: a log has one anchor');
  const accessKeyId = environment.ANCHOR_BUCKET_ACCESS_KEY_ID;
  if (accessKeyId === undefined) reportFault(context, 'ANCHOR_BUCKET_ACCESS_KEY_ID', 'is missing');
  const secretAccessKey = passwordOf(environment, 'ANCHOR_BUCKET_SECRET_FILE', context) ?? '';
  const region = environment.ANCHOR_BUCKET_REGION;
  return { bucket: { url, region, accessKeyId: accessKeyId ?? '', secretAccessKey } };
}
