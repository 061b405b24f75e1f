import { createCipheriv, randomBytes, scryptSync } from 'node:crypto';
import { derInteger, derOctetString, derOid, derSequence, encodePem } from '@sigstead/encoding';
import { KeyError } from './key-error.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/**
 * Node's own export derives the key with 2,048 rounds of PBKDF2, a few milliseconds of guessing on one core.
 * scrypt with these figures takes 16 MiB and some 50 ms: OpenSSL's limits let it read the result, and a service
 * still starts at once.
 */
const COST = { N: 16384, r: 8, p: 1 };
const KEY_SIZE = 32;

/**
 * PBES2 with scrypt and AES-256-CBC (RFC 8018 section 6.2, RFC 7914 section 7, RFC 5958 section 3).
 *
 * ```asn1
 * EncryptedPrivateKeyInfo ::= SEQUENCE { SEQUENCE { id-PBES2, SEQUENCE { keyDerivationFunc, encryptionScheme } }, encryptedData OCTET STRING }
 * scrypt-params ::= SEQUENCE { salt OCTET STRING, costParameter INTEGER, blockSize INTEGER, parallelizationParameter INTEGER, ... }
 * ```
 *
 * @param pkcs8 DER PrivateKeyInfo; overwritten with zeros before this returns
 * @throws KeyError KEY_ENCRYPTED when the passphrase is empty
 */
export function encryptPkcs8(pkcs8: Uint8Array, passphrase: string): string {
  if (passphrase === '') throw new KeyError('KEY_ENCRYPTED', 'passphrase is empty');
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const key = scryptSync(passphrase, salt, KEY_SIZE, COST);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = [cipher.update(pkcs8), cipher.final()];
  key.fill(0);
  pkcs8.fill(0);
  const keyDerivation = derSequence(
    derOid(SCRYPT),
    derSequence(
      derOctetString(salt),
      derInteger(BigInt(COST.N)),
      derInteger(BigInt(COST.r)),
      derInteger(BigInt(COST.p)),
    ),
  );
  const encryption = derSequence(derOid(AES_256_CBC), derOctetString(iv));
  const algorithm = derSequence(derOid(PBES2), derSequence(keyDerivation, encryption));
  return encodePem('ENCRYPTED PRIVATE KEY', derSequence(algorithm, derOctetString(...encrypted)));
}
