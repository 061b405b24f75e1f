import type { TransparencyLogEntry } from '@sigstead/bundle';
import type { RekorLogEntry, SignedDigest } from '@sigstead/client';
import { keyDetailsOf, sha256 } from '@sigstead/crypto';
import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
  type JsonObject,
} from '@sigstead/encoding';
import {
  dsseType,
  HASHED_REKORD_KIND,
  HASHED_REKORD_VERSION,
  parseCanonicalBody,
  parseRekorEntryId,
} from '@sigstead/tlog';
import { IN_TOTO_PAYLOAD_TYPE } from '@sigstead/verification';
import type { SignedContent } from './content.ts';
import { callStep, readAnswer, SigningError } from './errors.ts';
import type { SigningLog, SigningServices } from './services.ts';
import type { SigningKey } from './signing-key.ts';

/** An entry as the log answered it, in the form of bundles. */
export interface LoggedSignature {
  readonly entry: TransparencyLogEntry;
  /** 80 hex digits, by which a Rekor v1 log finds the entry. */
  readonly entryUuid?: string;
}

/**
 * Logs a signature in every log of the services at once. What comes back is read, not yet verified.
 *
 * @throws SigningError of step `log`
 */
export function logSignature(
  { logs }: SigningServices,
  signed: SignedContent,
  key: SigningKey,
): Promise<LoggedSignature[]> {
  return Promise.all(logs.map((log) => logIn(log, signed, key)));
}

async function logIn(log: SigningLog, signed: SignedContent, key: SigningKey): Promise<LoggedSignature> {
  if (log.version === 2)
    return { entry: await callStep('log', () => log.client.add(signedDigest(signed, key))) };
  return toLoggedSignature(await callStep('log', () => log.client.create(proposedEntry(signed, key))));
}

/** What Rekor v2 logs of anything: the signature over a digest. An envelope's is that of its pre-authentication encoding. */
function signedDigest({ signed, signature, prehashed }: SignedContent, key: SigningKey): SignedDigest {
  const { publicKey } = key.signer;
  return {
    digest: signed.digest,
    signature,
    verifier:
      key.kind === 'certificate'
        ? { form: 'x509Certificate', rawBytes: key.certificate.raw }
        : { form: 'publicKey', rawBytes: publicKey.spki },
    keyDetails: keyDetailsOf(publicKey, signed.algorithm, { prehashed }),
  };
}

/** What Rekor v1 is proposed: dsse 0.0.1 for an envelope, else hashedrekord 0.0.1. */
function proposedEntry({ content, signed, signature }: SignedContent, key: SigningKey): JsonObject {
  const verifier = encodeBase64(encodeUtf8(verifierPem(key)));
  if (content.kind === 'statement') {
    const envelope = envelopeOf(content.statement.payload, signature);
    return {
      apiVersion: dsseType.apiVersion,
      kind: dsseType.kind,
      spec: { proposedContent: { envelope, verifiers: [verifier] } },
    };
  }
  return {
    apiVersion: HASHED_REKORD_VERSION,
    kind: HASHED_REKORD_KIND,
    spec: {
      data: { hash: { algorithm: signed.algorithm, value: encodeHex(signed.digest) } },
      signature: { content: encodeBase64(signature), publicKey: { content: verifier } },
    },
  };
}

/**
 * The envelope as it is logged, which is how an `.att` layer must have it: the log has its digest.
 *
 * @param signed a signature over a statement
 */
export function envelopeJson({ content, signature }: SignedContent): string {
  if (content.kind !== 'statement') throw new Error('only statements are signed in envelopes');
  return envelopeOf(content.statement.payload, signature);
}

/** In the order in which Go writes sigstore's Envelope. */
function envelopeOf(payload: Uint8Array, signature: Uint8Array): string {
  return JSON.stringify({
    payload: encodeBase64(payload),
    payloadType: IN_TOTO_PAYLOAD_TYPE,
    signatures: [{ sig: encodeBase64(signature) }],
  });
}

function verifierPem(key: SigningKey): string {
  return key.kind === 'certificate' ? key.certificate.toPem() : key.signer.publicKey.toPem();
}

/**
 * A Rekor v1 entry in the form of bundles. Its ID must be that of its body: it is what people will look for in the log.
 *
 * @throws SigningError ANSWER_INVALID
 */
function toLoggedSignature(answered: RekorLogEntry): LoggedSignature {
  const { inclusionProof, signedEntryTimestamp } = answered.verification;
  const { entry, leafHash } = readAnswer('log', 'entry of the log', () => {
    const canonicalizedBody = decodeBase64(answered.body);
    const frame = parseCanonicalBody(canonicalizedBody);
    return {
      leafHash: parseRekorEntryId(answered.uuid).leafHash,
      entry: {
        logIndex: BigInt(answered.logIndex),
        logId: decodeHex(answered.logID),
        kind: frame.kind,
        kindVersion: frame.apiVersion,
        integratedTimeSeconds: BigInt(answered.integratedTime),
        inclusionPromise: decodeBase64(signedEntryTimestamp),
        inclusionProof: {
          logIndex: BigInt(inclusionProof.logIndex),
          rootHash: decodeHex(inclusionProof.rootHash),
          treeSize: BigInt(inclusionProof.treeSize),
          hashes: inclusionProof.hashes.map(decodeHex),
          checkpoint: inclusionProof.checkpoint,
        },
        canonicalizedBody,
      },
    };
  });
  // RFC 6962 leaf hash
  if (!equalBytes(leafHash, sha256(Uint8Array.of(0), entry.canonicalizedBody))) {
    throw new SigningError(
      'log',
      'ANSWER_INVALID',
      'entry of the log goes by an ID that is not that of its body',
    );
  }
  return { entryUuid: answered.uuid, entry };
}
