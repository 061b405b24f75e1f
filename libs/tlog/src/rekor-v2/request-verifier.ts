import { type KeyDetails, KeyError, keyDetailsOf, parseKeyDetails, PublicKey } from '@sigstead/crypto';
import { EncodingError, encodePem } from '@sigstead/encoding';
import { Certificate, X509Error } from '@sigstead/x509';
import { type EntryPolicy, isAlgorithmAllowed } from '../entry-policy.ts';
import { EntryPolicyError, TlogError } from '../errors.ts';
import { type X509Verifier } from '../x509-verifier.ts';
import { type RequestVerifier } from './create-entry-request.ts';

/**
 * Opens the one key or certificate of a request: DER only, and nothing is asked of a certificate but its key.
 *
 * @throws TlogError VERIFIER
 */
export function openVerifier({ form, rawBytes, path }: RequestVerifier): X509Verifier {
  const field = `${path}.${form}.rawBytes`;
  try {
    return form === 'publicKey' ? ofPublicKey(rawBytes) : ofCertificate(rawBytes);
  } catch (cause) {
    if (!(cause instanceof EncodingError || cause instanceof KeyError || cause instanceof X509Error))
      throw cause;
    throw new TlogError('VERIFIER', `${field}: ${cause.message}`, { cause, field });
  }
}

/**
 * The algorithm that a request says its key was used with. It has to be one of that very key: verifiers derive it from the key when
 * they rebuild an entry, and would not find one that says otherwise.
 *
 * @throws TlogError VERIFIER when it is of another key; EntryPolicyError when the log does not take it
 */
export function statedAlgorithm(
  { keyDetails, path }: RequestVerifier,
  { publicKey }: X509Verifier,
  policy: EntryPolicy,
): KeyDetails {
  const field = `${path}.keyDetails`;
  const details = knownDetails(keyDetails);
  // Pure Ed25519 hashes on its own: there is no digest to check it with.
  if (details === undefined || (details.type === 'Ed25519' && !details.prehashed))
    throw notTaken(`${field} ${keyDetails}`, policy);
  if (details.type !== publicKey.type || details.rsaModulusBits !== publicKey.rsaModulusBits) {
    const bits = publicKey.rsaModulusBits === undefined ? '' : ` of ${publicKey.rsaModulusBits} bits`;
    throw new TlogError('VERIFIER', `${field} is ${keyDetails}, but the key is ${publicKey.type}${bits}`, {
      field,
    });
  }
  if (!isAlgorithmAllowed(publicKey, details.hash, policy)) throw notTaken(`${field} ${keyDetails}`, policy);
  return details;
}

/**
 * The algorithm a key has by itself, whatever the request says: clients that send envelopes name every key a P-256 one.
 *
 * @throws EntryPolicyError when the log does not take it
 */
export function algorithmOfKey({ publicKey }: X509Verifier, path: string, policy: EntryPolicy): KeyDetails {
  const details = detailsOfKey(publicKey);
  if (details === undefined || !isAlgorithmAllowed(publicKey, details.hash, policy)) {
    const bits = publicKey.rsaModulusBits === undefined ? '' : ` of ${publicKey.rsaModulusBits} bits`;
    throw notTaken(`${path}: a ${publicKey.type} key${bits}`, policy);
  }
  return details;
}

function detailsOfKey(key: PublicKey): KeyDetails | undefined {
  try {
    return parseKeyDetails(keyDetailsOf(key, undefined, { prehashed: key.type === 'Ed25519' }));
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}

function knownDetails(name: string): KeyDetails | undefined {
  try {
    return parseKeyDetails(name);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}

function ofPublicKey(der: Uint8Array): X509Verifier {
  const publicKey = PublicKey.fromSpki(der);
  return {
    publicKey,
    certificate: undefined,
    chain: [],
    canonicalPem: encodePem('PUBLIC KEY', publicKey.spki),
  };
}

function ofCertificate(der: Uint8Array): X509Verifier {
  const certificate = Certificate.parse(der);
  const { publicKey } = certificate;
  return {
    publicKey,
    certificate,
    chain: [certificate],
    canonicalPem: encodePem('CERTIFICATE', certificate.raw),
  };
}

function notTaken(what: string, { algorithms }: EntryPolicy): EntryPolicyError {
  return new EntryPolicyError(
    'ALGORITHM_POLICY',
    `${what} is none of the algorithms this log takes: ${algorithms.join(', ')}`,
  );
}
