import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ConfigError } from './config.ts';
import type { Log } from './log.ts';

export interface TlsFiles {
  /** PEM: the server's certificate first, then what stands above it. */
  readonly certificateFile: string;
  /** PEM, not encrypted. */
  readonly keyFile: string;
}

/** A certificate chain and the key that belongs to it. */
export interface TlsKeyPair {
  readonly cert: string;
  readonly key: string;
}

/** @throws ConfigError when a file cannot be read, or the two do not belong together */
export async function readTlsKeyPair({ certificateFile, keyFile }: TlsFiles): Promise<TlsKeyPair> {
  try {
    const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    throw new ConfigError(
      `TLS certificate in ${certificateFile} with the key in ${keyFile} is not usable: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Looks again and again whether the files hold another pair. By content, not by file events, which miss how secrets are mounted (a
 * link that moves). A pair that is not usable, half-written perhaps, leaves the one in use.
 *
 * @param use takes a pair that is known to fit together
 * @returns ends it
 */
export function watchTlsKeyPair(
  files: TlsFiles,
  inUse: TlsKeyPair,
  { use, log, everyMs }: { use: (pair: TlsKeyPair) => void; log: Log; everyMs: number },
): () => void {
  let current = inUse;
  let complaint = '';
  const look = async () => {
    try {
      const found = await readTlsKeyPair(files);
      complaint = '';
      if (found.cert === current.cert && found.key === current.key) return;
      use(found);
      current = found;
      log.info('TLS certificate replaced', { notAfter: notAfterOf(found) });
    } catch (error) {
      const { message } = error as Error;
      if (message !== complaint)
        log.warn('TLS certificate kept, the files hold none to replace it', { error });
      complaint = message;
    }
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function notAfterOf({ cert }: TlsKeyPair): string {
  return new Date(new X509Certificate(cert).validTo).toISOString();
}
