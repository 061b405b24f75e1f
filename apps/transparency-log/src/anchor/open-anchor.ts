import { join } from 'node:path';
import type { Anchor } from './anchor.ts';
import { FileAnchor } from './file-anchor.ts';
import { S3Anchor, type S3Settings } from './s3-anchor.ts';
import { TimedAnchor } from './timed-anchor.ts';

/** Where anchors are: a folder that all replicas share, or a bucket. */
export type AnchorSettings = { readonly directory: string } | { readonly bucket: S3Settings };

/** Shorter than a session may sit idle in its transaction: the row lock outlives the wait for the anchor. */
const TIMEOUT_MS = 4_000;

/** @throws LogError UNAVAILABLE, CONFIGURATION */
export async function openAnchor(settings: AnchorSettings, name: string): Promise<Anchor> {
  const anchor =
    'bucket' in settings
      ? await S3Anchor.open(settings.bucket, name, TIMEOUT_MS)
      : await FileAnchor.open(join(settings.directory, name));
  return new TimedAnchor(anchor, TIMEOUT_MS);
}
