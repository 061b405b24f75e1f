import type { LegacySignature } from '@sigstead/oci';
import {
  decodeBase64Lenient,
  isJsonObject,
  parseJson,
  type JsonLimits,
  type JsonObject,
} from '@sigstead/encoding';
import { checked, VerificationError } from '../errors.ts';
import { legacyMaterial } from './legacy-annotations.ts';
import type { SignatureEvidence } from './signature-evidence.ts';

const ENVELOPE_LIMITS: JsonLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 8,
  maxValues: 1000,
  uniqueMembers: true,
};

/**
 * Evidence of one `.att` layer: the blob is a DSSE envelope, certificate and log entry are annotations as in the `.sig` form, and
 * timestamps are over the envelope.
 *
 * @throws VerificationError EVIDENCE_MALFORMED when envelope or annotations cannot be read
 */
export function evidenceFromLegacyAttestation(layer: LegacySignature): SignatureEvidence {
  const json = checked('EVIDENCE_MALFORMED', 'envelope of the attestation', () =>
    parseJson(layer.payload, ENVELOPE_LIMITS),
  );
  if (!isJsonObject(json)) throw malformed('is no JSON object');
  const signatures = json['signatures'];
  if (!Array.isArray(signatures) || signatures.length !== 1) {
    throw malformed(
      `has ${Array.isArray(signatures) ? signatures.length : 'no'} signatures, want exactly one`,
    );
  }
  const [signature] = signatures;
  if (!isJsonObject(signature)) throw malformed('has a signature that is no object');
  const keyId = own(signature, 'keyid') ?? '';
  return {
    content: {
      kind: 'dsse',
      payloadType: text(json, 'payloadType'),
      payload: bytes(json, 'payload'),
      envelope: layer.payload,
      keyId: typeof keyId === 'string' ? keyId : '',
    },
    signature: bytes(signature, 'sig'),
    timestamped: layer.payload,
    ...legacyMaterial(layer.annotations),
  };
}

function bytes(parent: JsonObject, field: string): Uint8Array {
  return checked('EVIDENCE_MALFORMED', `${field} of the attestation's envelope`, () =>
    decodeBase64Lenient(text(parent, field)),
  );
}

function text(parent: JsonObject, field: string): string {
  const value = own(parent, field);
  if (typeof value !== 'string' || value === '') throw malformed(`has no text "${field}"`);
  return value;
}

function own(parent: JsonObject, field: string): JsonObject[string] | undefined {
  return Object.hasOwn(parent, field) ? parent[field] : undefined;
}

function malformed(what: string): VerificationError {
  return new VerificationError('EVIDENCE_MALFORMED', `envelope of the attestation ${what}`);
}
