import type { JsonLimits } from '@sigstead/encoding';
import {
  admitEntry,
  admitRekorV2Entry,
  buildEntryPolicy,
  type AdmittedEntry,
  type EntryPolicy,
  type EntryPolicySettings,
} from '@sigstead/tlog';

const ADMISSIONS = { 'rekor-v1': admitEntry, 'rekor-v2': admitRekorV2Entry } satisfies Record<
  string,
  (body: Uint8Array, limits: JsonLimits, policy: EntryPolicy) => AdmittedEntry
>;

/** What a log admits, as plain data. */
export interface AdmissionSettings {
  /** Whose requests they are. */
  readonly api: keyof typeof ADMISSIONS;
  readonly limits: JsonLimits;
  readonly policy: EntryPolicySettings;
}

/**
 * What checks the body of a create request on this thread.
 *
 * @throws KeyError, X509Error for a policy that cannot be used
 */
export function admitterOf({ api, limits, policy }: AdmissionSettings): (body: Uint8Array) => AdmittedEntry {
  const entryPolicy = buildEntryPolicy(policy);
  const admit = ADMISSIONS[api];
  return (body) => admit(body, limits, entryPolicy);
}
