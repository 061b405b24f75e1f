import { readFileSync } from 'node:fs';
import { ConfigError } from '@sigstead/server';
import { isWithin, parseTrustedRoot, TrustError, type TrustedRoot, type Validity } from '@sigstead/trust';

/** @throws ConfigError when the file cannot be read or is no trusted root */
export function loadTrustedRoot(file: string): TrustedRoot {
  try {
    return parseTrustedRoot(readFileSync(file));
  } catch (cause) {
    if (cause instanceof TrustError)
      throw new ConfigError(`TRUSTED_ROOT_FILE is no trusted root: ${cause.message}`, { cause });
    throw new ConfigError(
      `TRUSTED_ROOT_FILE cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'error'}`,
      { cause },
    );
  }
}

/**
 * Whether anything signed now could be verified by it.
 *
 * @returns what is in it, for people
 * @throws Error naming the kind of service it has no current instance of
 */
export function assertUsable({ certificateAuthorities, ctlogs, tlogs }: TrustedRoot, now: Date): string {
  const kinds: readonly (readonly [string, readonly { validFor: Validity }[]])[] = [
    ['certificate authority', certificateAuthorities],
    ['certificate transparency log', ctlogs],
    ['transparency log', tlogs],
  ];
  for (const [kind, instances] of kinds) {
    if (!instances.some(({ validFor }) => isWithin(validFor, now)))
      throw new Error(`trusted root has no current ${kind}`);
  }
  return `${certificateAuthorities.length} certificate authorities, ${ctlogs.length} CT logs, ${tlogs.length} logs`;
}
