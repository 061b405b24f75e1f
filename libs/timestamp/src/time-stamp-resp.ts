import type { Signer } from '@sigstead/crypto';
import { derInteger, derSequence } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { TimestampError } from './errors.ts';
import { signTstInfo } from './signed-data.ts';
import { verifySignerChain } from './signer-chain.ts';
import type { TimeStampReq } from './time-stamp-req.ts';
import { encodeTstInfo } from './tst-info.ts';
import { verifyTimeStampReq, type TimestampPolicy } from './verify-request.ts';

/** Who signs, under what rules, and when. */
export interface TimestampContext {
  readonly signer: Signer;
  /** The signer's certificate first, root last. */
  readonly chain: readonly Certificate[];
  readonly policy: TimestampPolicy;
  /** Milliseconds are cut off. */
  readonly genTime: Date;
  /** Unsigned big-endian, at most 20 octets, never used before: random. */
  readonly serialNumber: Uint8Array;
  /** How far genTime may be off, in whole seconds from 1. */
  readonly accuracySeconds: number;
  /** Whether a client that asks for the certificate gets the whole chain. */
  readonly includeChain: boolean;
}

/** PKIStatusInfo { granted }. */
const GRANTED = derSequence(derInteger(0n));

/**
 * TimeStampResp for a request (RFC 3161 section 2.4.2), in the layout of Sigstore's authority. A refusal is thrown, never
 * written as a response.
 *
 * ```asn1
 * TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }
 * ```
 *
 * @throws TimestampError DIGEST_LENGTH, POLICY or EXTENSION for the request, CHAIN when the certificates are not fit to
 *   sign at `genTime`, PROFILE
 */
export async function createTimestampResponse(
  request: TimeStampReq,
  context: TimestampContext,
): Promise<Uint8Array> {
  const { signer, chain, policy, genTime, serialNumber, accuracySeconds } = context;
  verifyTimeStampReq(request, policy);
  verifySignerChain(chain, signer.publicKey, genTime);
  const certificate = leafOf(chain);
  const tstInfo = encodeTstInfo({
    policy: request.policy ?? policy.default,
    hash: request.hash,
    hashedMessage: request.hashedMessage,
    serialNumber,
    genTime,
    accuracySeconds,
    nonce: request.nonce,
    tsa: certificate.subject,
  });
  const token = await signTstInfo({
    tstInfo,
    signingTime: genTime,
    signer,
    certificate,
    certificateHash: request.hash,
    certificates: request.certReq ? (context.includeChain ? chain : [certificate]) : [],
  });
  return derSequence(GRANTED, token);
}

function leafOf([leaf]: readonly Certificate[]): Certificate {
  if (leaf === undefined) throw new TimestampError('CHAIN', 'timestamp chain is empty');
  return leaf;
}
