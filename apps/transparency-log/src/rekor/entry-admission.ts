import { KeyError } from '@sigstead/crypto';
import { buildEntryPolicy, type AdmittedEntry, type EntryPolicySettings } from '@sigstead/tlog';
import { X509Error } from '@sigstead/x509';
import { readFileSync } from 'node:fs';
import { admitterOf, type AdmissionSettings } from '../admission/admit-by-api.ts';
import type { RekorV1Settings, RekorV2Settings } from '../config.ts';
import { LogError, messageOf } from '../errors.ts';

/** Checks the body of a create request. */
export type AdmitEntry = (body: Uint8Array) => Promise<AdmittedEntry>;

/** Makes one for a log; where the work is done is its business. */
export type EntryAdmission = (settings: AdmissionSettings) => AdmitEntry;

/** On the thread that asks. */
export const admitInThread: EntryAdmission = (settings) => {
  const admit = admitterOf(settings);
  return async (body) => admit(body);
};

/**
 * What a log admits, its files read.
 *
 * @throws LogError CONFIGURATION when a file cannot be read, or holds no key or chain
 */
export function readEntryPolicy({
  entryKinds,
  signingAlgorithms,
  signers,
}: RekorV1Settings | RekorV2Settings): EntryPolicySettings {
  const policy: EntryPolicySettings = {
    ...(entryKinds === undefined ? {} : { kinds: entryKinds }),
    ...(signingAlgorithms === undefined ? {} : { algorithms: signingAlgorithms }),
    ...(signers === undefined
      ? {}
      : { signers: { keys: signers.keyFiles.map(readPem), authorities: signers.chainFiles.map(readPem) } }),
  };
  try {
    buildEntryPolicy(policy);
  } catch (cause) {
    if (!(cause instanceof KeyError || cause instanceof X509Error)) throw cause;
    throw new LogError('CONFIGURATION', `the signers of the log: ${cause.message}`, { cause });
  }
  return policy;
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LogError('CONFIGURATION', `the signers of the log cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
