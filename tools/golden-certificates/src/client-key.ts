import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { ClientKeyKind } from './golden-case.ts';

x509.cryptoProvider.set(webcrypto);

/** A signer's key: its SubjectPublicKeyInfo and a certificate signing request (RFC 2986), both PEM. */
export interface ClientKey {
  readonly publicKey: string;
  readonly signingRequest: string;
}

export async function makeClientKey(kind: ClientKeyKind): Promise<ClientKey> {
  const algorithm = algorithmOf(kind);
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: '',
    keys,
    signingAlgorithm: algorithm,
  });
  const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return {
    publicKey: x509.PemConverter.encode(spki, 'PUBLIC KEY'),
    signingRequest: request.toString('pem'),
  };
}

type Algorithm = webcrypto.RsaHashedKeyGenParams & webcrypto.EcKeyGenParams & { hash: string };

function algorithmOf(kind: ClientKeyKind): Algorithm {
  const parameters = (): object => {
    if (kind === 'Ed25519') return { name: 'Ed25519' };
    if (kind.startsWith('P-')) {
      return { name: 'ECDSA', namedCurve: kind, hash: `SHA-${kind === 'P-521' ? '512' : kind.slice(2)}` };
    }
    return {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: Number(kind.slice('RSA-'.length)),
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    };
  };
  return parameters() as Algorithm;
}
