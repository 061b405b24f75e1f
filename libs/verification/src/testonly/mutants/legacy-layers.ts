import type { LegacySignature } from '@sigstead/oci';
import { encodeBase64, encodeHex, encodePem, encodeUtf8 } from '@sigstead/encoding';
import { legacyAttestationCandidate, legacyCandidate } from '../../candidate.ts';
import { evidenceFromBundle } from '../../evidence/bundle.ts';
import { legacyAnnotations } from '../../evidence/legacy-annotations.ts';
import { parseArtifactDigest, type SignatureEvidence } from '../../evidence/signature-evidence.ts';
import { compilePolicy } from '../../policy.ts';
import { verifySignature, type SignatureVerdict } from '../../verify-signature.ts';
import { signStatement, statementAbout } from '../bundles.ts';
import {
  certificateOf,
  entryOf,
  IDENTITY,
  IMAGE_DIGEST,
  ISSUER,
  NOW,
  type MiniSigstore,
} from '../mini-sigstore.ts';

/** What a `.sig` or `.att` layer holds, decoded. */
export interface LayerParts {
  readonly payload: Uint8Array;
  /** Of an attestation it is in the payload. */
  readonly signature?: Uint8Array;
  readonly certificate: Uint8Array;
  readonly promise: Uint8Array;
  readonly body: Uint8Array;
  readonly integratedTime: bigint;
  readonly logIndex: bigint;
  readonly logId: Uint8Array;
}

const artifact = parseArtifactDigest(IMAGE_DIGEST);
const policy = compilePolicy({ identity: IDENTITY, issuer: ISSUER });

/** A sound layer of each form. */
export const legacyShapes: Readonly<Record<string, (sigstore: MiniSigstore) => Promise<LayerParts>>> = {
  '.sig': async (sigstore) => {
    const evidence = await sigstore.signImage();
    if (evidence.content.kind !== 'simple-signing') throw new Error('no simple signing document');
    return { payload: evidence.content.payload, signature: evidence.signature, ...materialOf(evidence) };
  },
  '.att, dsse 0.0.1': (sigstore) => attestation(sigstore, 'dsse 0.0.1'),
  '.att, intoto 0.0.1': (sigstore) => attestation(sigstore, 'intoto 0.0.1'),
  '.att, intoto 0.0.2': (sigstore) => attestation(sigstore, 'intoto 0.0.2'),
};

/** By the promise alone, as such layers have no proof. */
export function judgeLayer(sigstore: MiniSigstore, parts: LayerParts): SignatureVerdict {
  const layer = layerOf(parts);
  const candidate =
    parts.signature === undefined
      ? legacyAttestationCandidate(layer, 'layer')
      : legacyCandidate(layer, 'layer');
  return verifySignature(candidate, artifact, sigstore.trustedRoot, policy, {
    now: NOW,
    requireInclusionProof: false,
  });
}

async function attestation(
  sigstore: MiniSigstore,
  kind: 'dsse 0.0.1' | 'intoto 0.0.1' | 'intoto 0.0.2',
): Promise<LayerParts> {
  const evidence = evidenceFromBundle(
    await signStatement(sigstore, statementAbout(artifact.digest), { kind }),
  );
  if (evidence.content.kind !== 'dsse') throw new Error('no envelope');
  const { payloadType, payload } = evidence.content;
  const signatures = [{ sig: encodeBase64(evidence.signature) }];
  const envelope = { payloadType, payload: encodeBase64(payload), signatures };
  return { payload: encodeUtf8(JSON.stringify(envelope)), ...materialOf(evidence) };
}

function materialOf(evidence: SignatureEvidence): Omit<LayerParts, 'payload' | 'signature'> {
  const entry = entryOf(evidence);
  return {
    certificate: certificateOf(evidence),
    promise: entry.inclusionPromise as Uint8Array,
    body: entry.canonicalizedBody,
    integratedTime: entry.integratedTimeSeconds,
    logIndex: entry.logIndex,
    logId: entry.logId,
  };
}

function layerOf({ payload, signature, certificate, promise, body, ...entry }: LayerParts): LegacySignature {
  const bundle =
    `{"SignedEntryTimestamp":"${encodeBase64(promise)}","Payload":{"body":"${encodeBase64(body)}",` +
    `"integratedTime":${entry.integratedTime},"logIndex":${entry.logIndex},"logID":"${encodeHex(entry.logId)}"}}`;
  return {
    payload,
    annotations: {
      [legacyAnnotations.signature]: signature === undefined ? '' : encodeBase64(signature),
      [legacyAnnotations.certificate]: encodePem('CERTIFICATE', certificate),
      [legacyAnnotations.bundle]: bundle,
    },
  };
}
