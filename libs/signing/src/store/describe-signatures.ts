import { bundleToJson } from '@sigstead/bundle';
import { encodeBase64, encodeHex, type JsonObject } from '@sigstead/encoding';
import type { LoggedSignature } from '../log-entry.ts';
import type { Signature } from '../make-signature.ts';
import type { SigningKey } from '../signing-key.ts';
import type { MadeSignatures } from './made-signature.ts';

/**
 * What whoever had something signed gets to know. Everything in it is public.
 *
 * Log index, time and bundle at the top are those of the first signature: of an image on Rekor v1 that of the `.sig` form, whose
 * bundle is over the simple signing payload. The bundle that refers to the image has its own in `referrer`.
 */
export function describeSignatures([first, ...others]: MadeSignatures): JsonObject {
  const referring = [first, ...others].find(({ referrer }) => referrer !== undefined);
  const { layer } = first;
  return {
    ...describeKey(first.signature.key),
    ...describeProofs(first.signature),
    ...(layer && { [first.form === 'sig' ? 'signatureManifest' : 'attestationManifest']: { ...layer } }),
    bundle: bundleToJson(first.signature.bundle),
    ...(referring?.referrer && {
      referrer: {
        digest: referring.referrer.digest,
        listedBy: referring.referrer.listedBy,
        ...(referring !== first && {
          ...describeProofs(referring.signature),
          bundle: bundleToJson(referring.signature.bundle),
        }),
      },
    }),
  };
}

function describeKey(key: SigningKey): JsonObject {
  if (key.kind === 'publicKey') return { publicKey: { hint: key.hint, pem: key.signer.publicKey.toPem() } };
  const { certificate, identity } = key;
  return {
    certificate: {
      identity: identity.identity,
      issuer: identity.issuer,
      serialNumber: encodeHex(certificate.serialNumber),
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
      pem: certificate.toPem(),
    },
  };
}

function describeProofs({ logged: [first, ...others], timestamps }: Signature): JsonObject {
  return {
    ...describeEntry(first),
    ...(others.length > 0 && { furtherEntries: others.map(describeEntry) }),
    timestamps: timestamps.map(encodeBase64),
  };
}

function describeEntry({ entry, entryUuid }: LoggedSignature): JsonObject {
  return {
    logIndex: Number(entry.logIndex),
    logId: encodeHex(entry.logId),
    ...(entryUuid !== undefined && { entryUuid }),
    // Rekor v2 gives no time.
    ...(entry.integratedTimeSeconds > 0n && { integratedTime: Number(entry.integratedTimeSeconds) }),
  };
}
