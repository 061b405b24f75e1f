import { access } from 'node:fs/promises';
import { readTokenFile } from '../token-text.ts';
import type { AmbientProvider } from './ambient-provider.ts';

/** A projected service account token of Kubernetes, or whatever else writes the file. */
export const tokenFile: AmbientProvider = {
  name: 'filesystem',
  isPresent: ({ tokenFile: path }) =>
    access(path).then(
      () => true,
      () => false,
    ),
  requestToken: ({ tokenFile: path }) => readTokenFile(path, path),
};
