import { type JsonLimits } from '@sigstead/encoding';
import { assertKindAllowed, type EntryPolicy } from './entry-policy.ts';
import { parseProposedEntry } from './proposed-entry.ts';

/** What a log stores of an entry it has checked. Plain data, so that it can be made on another thread. */
export interface AdmittedEntry {
  /** The leaf. */
  readonly canonicalBody: Uint8Array;
  readonly indexKeys: readonly string[];
  /** What the log may keep beside the entry, whatever its size. */
  readonly attestation: Uint8Array | undefined;
}

/**
 * Everything between the body of a create request and the queue, in Rekor's order: parse, signatures, who may log and how, kind,
 * whether it can be logged at all.
 *
 * @throws TlogError as {@link parseProposedEntry}, then SIGNATURE; EntryPolicyError; then NOT_INSERTABLE, LIMIT
 */
export function admitEntry(body: Uint8Array, limits: JsonLimits, policy: EntryPolicy): AdmittedEntry {
  const { entry } = parseProposedEntry(body, limits);
  entry.verify(policy);
  assertKindAllowed(entry.kind, policy);
  entry.assertInsertable();
  return {
    canonicalBody: entry.canonicalBody(),
    indexKeys: entry.indexKeys(),
    attestation: entry.attestation,
  };
}
