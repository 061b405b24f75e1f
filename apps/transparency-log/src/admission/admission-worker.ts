import type { JsonLimits } from '@sigstead/encoding';
import {
  admitEntry,
  buildEntryPolicy,
  TlogError,
  type AdmittedEntry,
  type EntryPolicySettings,
} from '@sigstead/tlog';
import { Piscina } from 'piscina';
import { describeRefusal, type Refusal } from './refusal.ts';

/** What a worker is started with. */
export interface AdmissionWorkerData {
  readonly policy: EntryPolicySettings;
  readonly limits: JsonLimits;
}

/** What a worker makes of a body; anything it throws instead is a fault of ours. */
export type Judgement = { readonly admitted: AdmittedEntry } | { readonly refusal: Refusal };

const { policy, limits } = Piscina.workerData as AdmissionWorkerData;
const entryPolicy = buildEntryPolicy(policy);

/** Main function of a worker thread. */
export default function judge(body: Uint8Array): Judgement {
  try {
    return { admitted: admitEntry(body, limits, entryPolicy) };
  } catch (error) {
    if (error instanceof TlogError) return { refusal: describeRefusal(error) };
    throw error;
  }
}
