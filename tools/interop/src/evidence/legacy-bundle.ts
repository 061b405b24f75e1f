import { createHash, X509Certificate } from 'node:crypto';
import {
  CERTIFICATE,
  LOG_ENTRY,
  SIGNATURE,
  type BundleJson,
  type EnvelopeJson,
  type LegacySignature,
} from './evidence.ts';

interface LoggedBody {
  readonly SignedEntryTimestamp: string;
  readonly Payload: {
    readonly body: string;
    readonly integratedTime: number;
    readonly logIndex: number;
    readonly logID: string;
  };
}

/** A layer of cosign's older form as a bundle of version 0.1, which like it has the log's promise and no proof. */
export function bundleOfLegacy({ annotations, payload }: LegacySignature): BundleJson {
  const { SignedEntryTimestamp, Payload } = JSON.parse(annotations[LOG_ENTRY] ?? '{}') as LoggedBody;
  const entry = JSON.parse(Buffer.from(Payload.body, 'base64').toString()) as {
    kind: string;
    apiVersion: string;
  };
  const certificate = annotations[CERTIFICATE];
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      ...(certificate === undefined
        ? { publicKey: { hint: '' } }
        : { x509CertificateChain: { certificates: [{ rawBytes: derOf(certificate) }] } }),
      tlogEntries: [
        {
          logIndex: String(Payload.logIndex),
          logId: { keyId: Buffer.from(Payload.logID, 'hex').toString('base64') },
          kindVersion: { kind: entry.kind, version: entry.apiVersion },
          integratedTime: String(Payload.integratedTime),
          inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
          canonicalizedBody: Payload.body,
        },
      ],
    },
    ...contentOf(annotations[SIGNATURE] ?? '', payload),
  };
}

/** A `.att` has its signature inside, and none beside. */
function contentOf(
  signature: string,
  payload: Buffer,
): Pick<BundleJson, 'messageSignature' | 'dsseEnvelope'> {
  if (signature === '') return { dsseEnvelope: JSON.parse(payload.toString()) as EnvelopeJson };
  const digest = createHash('sha256').update(payload).digest('base64');
  return { messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature } };
}

function derOf(pem: string): string {
  return new X509Certificate(pem).raw.toString('base64');
}
