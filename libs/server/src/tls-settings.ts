import type { z } from 'zod';
import { setting } from './config.ts';
import type { TlsFiles } from './tls-key-pair.ts';

/** Where TLS is listened for, and with what. */
export interface TlsConfig {
  readonly port: number;
  readonly files: TlsFiles;
}

/** Settings of a service that may listen for TLS: all of them or none. */
export const tlsSettings = {
  /** Off unless set. */
  TLS_PORT: setting.optionalPort(),
  /** PEM, certificate first. Read again when it changes, with the key. */
  TLS_CERT_FILE: setting.file().optional(),
  TLS_KEY_FILE: setting.file().optional(),
};

type TlsEnvironment = {
  readonly [Name in keyof typeof tlsSettings]?: z.output<(typeof tlsSettings)[Name]>;
};

const NAMES = ['TLS_PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE'] as const;

/** For `superRefine`: a fault for each setting that those which are set cannot do without. */
export function checkTlsSettings(environment: TlsEnvironment, context: z.RefinementCtx): void {
  const set = NAMES.filter((name) => environment[name] !== undefined);
  for (const name of set.length === 0 ? [] : NAMES) {
    if (environment[name] !== undefined) continue;
    context.addIssue({ code: 'custom', path: [name], message: `is required with ${set.join(' and ')}` });
  }
}

/** @returns undefined where TLS is off */
export function tlsConfigOf({
  TLS_PORT: port,
  TLS_CERT_FILE: certificateFile,
  TLS_KEY_FILE: keyFile,
}: TlsEnvironment): TlsConfig | undefined {
  return port === undefined || certificateFile === undefined || keyFile === undefined
    ? undefined
    : { port, files: { certificateFile, keyFile } };
}
