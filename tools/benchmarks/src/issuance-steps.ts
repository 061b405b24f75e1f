import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CtClient } from '@sigstead/client';
import { PrivateKeySigner, PublicKey, verifyMessage } from '@sigstead/crypto';
import { decodeBase64, encodeUtf8 } from '@sigstead/encoding';
import type { Instance } from '@sigstead/instance';
import { IssuerPool, parseIssuerConfiguration, principalOf, verifyToken } from '@sigstead/oidc';
import {
  Certificate,
  encodeLeafTbs,
  POISON_EXTENSION,
  sctListExtension,
  signTbs,
  verifyPrecertificateSct,
  type LeafProfile,
} from '@sigstead/x509';
import type { ClientKey } from './client-keys.ts';
import { timePerCall } from './time-per-call.ts';

const LIFETIME_MS = 600_000;

/** Milliseconds of each step of issuance alone, with the keys and the log of this instance. */
export async function measureIssuanceSteps(
  instance: Instance,
  token: string,
  keys: readonly ClientKey[],
): Promise<[string, number][]> {
  const file = (name: string) => readFile(join(instance.directory, name), 'utf8');
  const passphrase = (await file('certificate-authority/passphrase')).trim();
  const signer = PrivateKeySigner.fromPem(await file('certificate-authority/ca.key.pem'), passphrase);
  const chain = Certificate.chainFromPem(await file('certificate-authority/chain.pem'));
  const issuer = chain[0] as Certificate;
  const logKey = PublicKey.fromPem(await file('certificate-authority/ct.pub.pem'));
  const issuers = new IssuerPool(parseIssuerConfiguration(await file('issuers.yaml')), {
    fetch: (url, init) => fetch(url, init),
    clock: () => new Date(),
  });
  const log = new CtClient({ baseUrl: instance.internalUrl('transparencyLog'), fetch, timeoutMs: 10_000 });

  const principal = principalOf(await verifyToken(token, issuers, new Date()));
  const subject = encodeUtf8(principal.proofOfPossessionSubjects[0] as string);
  const profile = (key: ClientKey, n: number): LeafProfile => ({
    serialNumber: Uint8Array.of(1, n >>> 16, n >>> 8, n),
    issuer,
    notBefore: new Date(),
    notAfter: new Date(Date.now() + LIFETIME_MS),
    publicKey: PublicKey.fromPem(key.pem),
    subjectAlternativeName: principal.subjectAlternativeName,
    claims: principal.claims,
  });
  let count = 0;
  const nextKey = () => keys[count++ % keys.length] as ClientKey;
  const sample = profile(nextKey(), count);
  const precertificate = Certificate.parse(await signTbs(encodeLeafTbs(sample, POISON_EXTENSION), signer));
  const submit = (certificate: Certificate) => log.addPreChain([certificate, ...chain].map(({ raw }) => raw));
  const sct = await submit(precertificate);
  // Each only once, as the log gives a known one back without work.
  const unseen = async () =>
    Certificate.parse(await signTbs(encodeLeafTbs(profile(nextKey(), count), POISON_EXTENSION), signer));
  const submissions: Certificate[] = [];
  for (let i = 0; i < 16 * 8; i++) submissions.push(await unseen());

  return [
    [
      'token: signature, claims, identity',
      await timePerCall(async () => principalOf(await verifyToken(token, issuers, new Date())), 50),
    ],
    [
      'key and proof of possession',
      await timePerCall(() => {
        const key = nextKey();
        verifyMessage(PublicKey.fromPem(key.pem), 'sha256', subject, decodeBase64(key.proof));
      }, 50),
    ],
    [
      'DER: both TBSCertificates',
      await timePerCall(() => {
        encodeLeafTbs(sample, POISON_EXTENSION);
        encodeLeafTbs(sample, sctListExtension([sct]));
      }, 50),
    ],
    [
      'two signatures of the CA',
      await timePerCall(async () => {
        await signer.sign(precertificate.tbs);
        await signer.sign(precertificate.tbs);
      }, 20),
    ],
    ['CT log, there and back', await timePerCall(() => submit(submissions.pop() as Certificate), 8)],
    [
      'SCT verified',
      await timePerCall(() => verifyPrecertificateSct(precertificate, issuer, sct, logKey), 50),
    ],
  ];
}
