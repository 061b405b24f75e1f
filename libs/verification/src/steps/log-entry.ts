import { encodeHex } from '@sigstead/encoding';
import { isRekorV2Kind } from '@sigstead/tlog';
import { countOperators } from '@sigstead/trust';
import { assertBodyBinds, readEntryBody } from '../checks/body.ts';
import { verifyProofCheckpoint } from '../checks/checkpoint.ts';
import { verifyEntryInclusion } from '../checks/inclusion.ts';
import { assertLogValidAt } from '../checks/log.ts';
import { assertNotInFuture } from '../checks/not-in-future.ts';
import { VerificationError } from '../errors.ts';
import type { KnownEntry, SigningTimes } from '../signing-times.ts';
import { count } from '../text.ts';
import type { Context, SignedLink, VerificationOptions } from './context.ts';
import type { Finding } from './step.ts';
import type { InclusionFacts, LogEntryFacts } from './step-evidence.ts';

const DEFAULT_CLOCK_SKEW_MS = 60_000;
const DEFAULT_LOG_THRESHOLD = 1;

/** Step 5: the times, then each entry: what it is about, and its proof. */
export function checkLogEntry(link: SignedLink, { options }: Context): Finding<'log-entry', true> {
  const { times } = link;
  if (times instanceof VerificationError) throw times;
  assertEnoughEntries(times, options);
  assertTimes(link, times, options);
  const entries = times.entries.map((known) => checkEntry(known, link, times, options));
  const [first, ...further] = entries;
  const when = times.times.map(({ at, source, by }) => ({ at: at.toISOString(), source, by }));
  return {
    reason: [...entries.map(({ reason }) => reason), ...timestampReasons(times)].join('; '),
    evidence: {
      ...(first && first.facts),
      ...(further.length > 0 && { furtherEntries: further.map(({ facts }) => facts) }),
      times: when,
    },
    value: true,
  };
}

/** One operator counts once, however many logs, keys and entries there are. */
function assertEnoughEntries(times: SigningTimes, options: VerificationOptions): void {
  const want = options.logThreshold ?? DEFAULT_LOG_THRESHOLD;
  const got = countOperators(times.entries.map(({ log }) => log));
  if (got >= want) return;
  throw new VerificationError(
    'LOG_ENTRY_MISSING',
    got === 0 && want === 1
      ? 'the signature has no transparency log entry'
      : `the signature is in logs of ${count(got, 'operator')} of the trusted root, want ${want}`,
  );
}

/** A certificate that lived for minutes proves nothing without a time; a key of the policy's own is trusted at any. */
function assertTimes({ signer }: SignedLink, times: SigningTimes, options: VerificationOptions): void {
  if (signer.kind === 'certificate' && times.times.length === 0) {
    throw new VerificationError(
      'TIME_MISSING',
      times.unknownTimestamps > 0
        ? 'nothing says when the signature was made: the trusted root has no timestamp authority to judge its timestamp by'
        : 'nothing says when the signature was made: there is neither a signed entry timestamp nor an RFC 3161 timestamp',
    );
  }
  const want = options.timestampThreshold ?? 0;
  const got = countOperators(times.timestamps.map(({ authority }) => authority));
  if (got < want) {
    throw new VerificationError(
      'TIMESTAMP_MISSING',
      `the signature has timestamps of ${count(got, 'operator')}, want ${want}`,
    );
  }
  for (const { at } of times.times)
    assertNotInFuture(at, options.now, options.clockSkewMs ?? DEFAULT_CLOCK_SKEW_MS);
}

function checkEntry(
  known: KnownEntry,
  link: SignedLink,
  times: SigningTimes,
  options: VerificationOptions,
): { reason: string; facts: LogEntryFacts } {
  const { entry, log, integratedAt } = known;
  const { evidence, signed, publicKey, signer } = link;
  if (integratedAt === undefined) assertLogValidWithoutTime(known, times, options);
  assertBodyBinds(readEntryBody(entry), {
    content: evidence.content,
    signed,
    signature: evidence.signature,
    publicKey,
    certificate: signer.kind === 'certificate' ? signer.certificate : undefined,
  });
  const inclusionProof = checkInclusion(known, evidence.proofMissing, options);
  const when = integratedAt === undefined ? '' : `, ${integratedAt.toISOString()}`;
  const index = vouchedIndex(known, inclusionProof);
  return {
    reason: `entry ${index} of ${log.baseUrl}${when}: ${describeInclusion(known, evidence.proofMissing, inclusionProof)}`,
    facts: {
      log: log.baseUrl,
      logId: encodeHex(log.logId),
      logIndex: index,
      kind: `${entry.kind} ${entry.kindVersion}`,
      ...(integratedAt && { integratedTime: integratedAt.toISOString() }),
      inclusionPromise: integratedAt !== undefined,
      ...(inclusionProof && { inclusionProof }),
    },
  };
}

/** The entry's own index is under the promise; without one it is nobody's word, and the place that is proved stands for it. */
function vouchedIndex({ entry, integratedAt }: KnownEntry, proof: InclusionFacts | undefined): string {
  return integratedAt === undefined && proof !== undefined ? proof.leafIndex : entry.logIndex.toString();
}

/** An entry without a time of its own was made when the others say; without any, a key that is not trusted now could have made it today. */
function assertLogValidWithoutTime(
  { log }: KnownEntry,
  { times }: SigningTimes,
  { now }: VerificationOptions,
): void {
  for (const at of times.length === 0 ? [now] : times.map((time) => time.at)) assertLogValidAt(log, at);
}

function checkInclusion(
  { entry, log, integratedAt }: KnownEntry,
  proofMissing: string | undefined,
  { requireInclusionProof = true }: VerificationOptions,
): InclusionFacts | undefined {
  const proof = entry.inclusionProof;
  if (proof === undefined) {
    if (!requireInclusionProof && integratedAt !== undefined) return undefined;
    const promise =
      integratedAt === undefined
        ? 'the log entry has neither an inclusion promise nor a proof'
        : "the log's inclusion promise (signed entry timestamp) holds, but an inclusion proof is required and " +
          (proofMissing ?? 'none came with the signature');
    throw new VerificationError('INCLUSION_PROOF_MISSING', promise);
  }
  const isRekorV2 = isRekorV2Kind(entry.kind, entry.kindVersion);
  // A log of Rekor v2 is one tree, where Rekor v1 counts over all its shards.
  if (isRekorV2 && proof.logIndex !== entry.logIndex) {
    throw new VerificationError(
      'INCLUSION_PROOF_INVALID',
      `the entry says index ${entry.logIndex}, its proof is for ${proof.logIndex}`,
    );
  }
  const checkpoint = verifyProofCheckpoint(proof, log, isRekorV2);
  verifyEntryInclusion(entry, proof, checkpoint);
  return {
    leafIndex: proof.logIndex.toString(),
    treeSize: checkpoint.size.toString(),
    hashes: proof.hashes.length,
    rootHash: encodeHex(checkpoint.rootHash),
    checkpointOrigin: checkpoint.origin,
  };
}

function describeInclusion(
  { integratedAt }: KnownEntry,
  proofMissing: string | undefined,
  proof: InclusionFacts | undefined,
): string {
  const promise = integratedAt && 'inclusion promise (signed entry timestamp) verified';
  const proved =
    proof === undefined
      ? `inclusion proof skipped: not required, and ${proofMissing ?? 'none came with the signature'}`
      : `inclusion proved in a signed tree of ${proof.treeSize}`;
  return [...(promise === undefined ? [] : [promise]), proved].join(', ');
}

function timestampReasons({ timestamps, unknownEntries, unknownTimestamps }: SigningTimes): string[] {
  return [
    ...timestamps.map(
      ({ genTime, authority }) => `timestamp of ${authority.uri} verified, ${genTime.toISOString()}`,
    ),
    ...(unknownEntries === 0
      ? []
      : [`${count(unknownEntries, 'entry', 'entries')} of unknown logs passed over`]),
    ...(unknownTimestamps === 0
      ? []
      : [
          `${count(unknownTimestamps, 'timestamp')} passed over: the trusted root has no timestamp authority`,
        ]),
  ];
}
