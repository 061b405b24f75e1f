import { readFile } from 'node:fs/promises';
import { ConfigError } from '@sigstead/server';
import { isWithin, parseTrustedRoot, TrustError, type TrustedRoot } from '@sigstead/trust';

/** @throws ConfigError when the file cannot be read or is no trusted root */
export async function readTrustedRoot(path: string): Promise<TrustedRoot> {
  try {
    return parseTrustedRoot(await readFile(path));
  } catch (cause) {
    if (!(cause instanceof TrustError) && (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new ConfigError(`trusted root ${path} is not usable: ${(cause as Error).message}`, { cause });
  }
}

/** Whether anything signed now could verify. @throws Error naming what is missing */
export function assertUsable({ certificateAuthorities, ctlogs, tlogs }: TrustedRoot, now: Date): void {
  const kinds = {
    'certificate authority': certificateAuthorities,
    'certificate transparency log': ctlogs,
    'transparency log': tlogs,
  };
  for (const [kind, instances] of Object.entries(kinds)) {
    if (!instances.some(({ validFor }) => isWithin(validFor, now)))
      throw new Error(`the trusted root has no ${kind} that is valid now`);
  }
}
