import { randomBytes } from 'node:crypto';
import { PrivateKeySigner } from '@sigstead/crypto';
import { Certificate, encodeLeafTbs, POISON_EXTENSION, signTbs } from '@sigstead/x509';
import type { CertificateEntry } from '../record/issuance-record.ts';
import type { TestChain } from './test-authority.ts';

export const IDENTITY = 'https://github.com/octo/app/.github/workflows/ci.yml@refs/heads/main';
export const ISSUER = 'https://token.actions.githubusercontent.com';

/** A certificate of ten minutes with a key of its own, as an entry of the record. */
export async function makeEntry(
  { intermediate, key }: TestChain,
  notBefore: Date,
  changes: { serialNumber?: Uint8Array; identity?: string } = {},
): Promise<CertificateEntry> {
  const identity = { type: 'uri', value: changes.identity ?? IDENTITY } as const;
  const serialNumber = Uint8Array.from(randomBytes(20));
  serialNumber[0] = 0x7f;
  const tbs = encodeLeafTbs(
    {
      serialNumber: changes.serialNumber ?? serialNumber,
      issuer: intermediate,
      notBefore,
      notAfter: new Date(notBefore.getTime() + 600_000),
      publicKey: PrivateKeySigner.generate('P-256').publicKey,
      subjectAlternativeName: identity,
      claims: { issuer: ISSUER },
    },
    POISON_EXTENSION,
  );
  return {
    certificate: Certificate.parse(await signTbs(tbs, key)),
    authorityKeyId: intermediate.spkiHash,
    identity,
    issuer: ISSUER,
    subject: 'repo:octo/app:ref:refs/heads/main',
    keyType: 'P-256',
    log: { id: new Uint8Array(32).fill(7), timestampMs: BigInt(notBefore.getTime()) },
  };
}
