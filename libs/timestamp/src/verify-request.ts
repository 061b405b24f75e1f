import { digestSize } from '@sigstead/crypto';
import { TimestampError } from './errors.ts';
import type { TimeStampReq } from './time-stamp-req.ts';

/** What the authority issues under. */
export interface TimestampPolicy {
  /** Dotted identifiers a client may ask for. */
  readonly accepted: readonly string[];
  /** For requests that ask for none. */
  readonly default: string;
}

/**
 * Checks a request against RFC 3161 section 2.4.2 and the policy, in upstream's order.
 *
 * @throws TimestampError DIGEST_LENGTH, POLICY or EXTENSION
 */
export function verifyTimeStampReq(request: TimeStampReq, policy: TimestampPolicy): void {
  verifyDigestLength(request);
  verifyPolicy(request, policy);
  verifyNoExtensions(request);
}

function verifyDigestLength({ hash, hashedMessage }: TimeStampReq): void {
  if (hashedMessage.length !== digestSize(hash)) {
    throw new TimestampError('DIGEST_LENGTH', 'Message digest has incorrect length for specified algorithm');
  }
}

function verifyPolicy(request: TimeStampReq, { accepted }: TimestampPolicy): void {
  if (request.policy !== undefined && !accepted.includes(request.policy)) {
    throw new TimestampError('POLICY', 'unaccepted policy: requested TSA policy is not supported by the TSA');
  }
}

/** An extension would go into the signed token, or be ignored although it may be critical. */
function verifyNoExtensions({ extensions }: TimeStampReq): void {
  if (extensions.length > 0) {
    throw new TimestampError(
      'EXTENSION',
      'unaccepted extension: requested extensions are not supported by the TSA',
    );
  }
}
