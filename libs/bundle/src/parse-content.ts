import { type HashAlgorithm } from '@sigstead/crypto';
import { type DsseEnvelope, type DsseSignature, type MessageSignature } from './bundle.ts';
import { BundleError } from './errors.ts';
import { type Located, MessageReader } from './message-reader.ts';

/** Of `HashAlgorithm` in sigstore_common.proto, those an artifact digest may have here. */
export const HASH_ALGORITHM_NUMBERS = { SHA2_256: 1, SHA2_384: 2, SHA2_512: 3 } as const;
type HashAlgorithmName = keyof typeof HASH_ALGORITHM_NUMBERS;

const HASHES: Readonly<Record<HashAlgorithmName, { algorithm: HashAlgorithm; size: number }>> = {
  SHA2_256: { algorithm: 'sha256', size: 32 },
  SHA2_384: { algorithm: 'sha384', size: 48 },
  SHA2_512: { algorithm: 'sha512', size: 64 },
};

/** More are counted, so that the refusal can say how many there were. */
const COUNTED_SIGNATURES = 32;

export function readMessageSignature(root: MessageReader): MessageSignature {
  const message = root.requiredMessage('messageSignature', ['messageDigest', 'signature']);
  const hash = message.requiredMessage('messageDigest', ['algorithm', 'digest']);
  const { algorithm, size } = HASHES[hash.enumName('algorithm', HASH_ALGORITHM_NUMBERS)];
  const digest = hash.requiredBytes('digest');
  if (digest.length !== size) {
    throw new BundleError('LENGTH', hash.at('digest'), `${digest.length} bytes, ${algorithm} has ${size}`);
  }
  return {
    kind: 'messageSignature',
    digestAlgorithm: algorithm,
    digest,
    signature: message.requiredBytes('signature'),
  };
}

export function readDsseEnvelope(root: MessageReader): DsseEnvelope {
  const envelope = root.requiredMessage('dsseEnvelope', ['payload', 'payloadType', 'signatures']);
  const payloadType = envelope.requiredText('payloadType');
  const signatures = envelope.list('signatures', COUNTED_SIGNATURES);
  if (signatures.length !== 1) {
    throw new BundleError(
      'LENGTH',
      envelope.at('signatures'),
      `${signatures.length} signatures, want exactly one`,
    );
  }
  return {
    kind: 'dsse',
    payloadType,
    payload: envelope.bytes('payload'),
    signatures: signatures.map(readSignature),
  };
}

function readSignature(item: Located): DsseSignature {
  const signature = new MessageReader(item, ['sig', 'keyid']);
  return { signature: signature.requiredBytes('sig'), keyId: signature.text('keyid') };
}
