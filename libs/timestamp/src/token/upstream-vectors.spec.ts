import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeUtf8, equalBytes } from '@sigstead/encoding';
import { Certificate } from '@sigstead/x509';
import { refusalCode } from '../testonly/refusal.ts';
import { vectorsFolder } from '../testonly/vectors.ts';
import { isSignedBy, parseTimestamp } from './parse-timestamp.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

const folder = vectorsFolder('rfc3161');
const upstream = folder === undefined ? describe.skip : describe;
const file = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(folder ?? '', name)));
const HELLO = encodeUtf8('hello');

function chainOf(name: string): Certificate[] {
  const chain = Certificate.chainFromPem(readFileSync(join(folder ?? '', name, 'ts_chain.pem'), 'utf8'));
  // Some files have the root first.
  return chain[0]?.isCa === true ? chain.reverse() : chain;
}

upstream('responses of other authorities', () => {
  it.each([
    ['sigstage', 'response-sha256.tsr', 'sha256', '2025-05-09T11:58:55.000Z'],
    ['sigstage', 'response-sha384.tsr', 'sha384', '2025-05-09T11:58:55.000Z'],
    ['sigstage', 'response-sha512.tsr', 'sha512', '2025-05-09T11:58:56.000Z'],
    ['sigstage', 'response-no-embedded-cert.tsr', 'sha256', '2025-06-18T08:13:02.000Z'],
    ['test_tsa', 'response.tsr', 'sha512', '2024-10-08T15:40:32.000Z'],
  ])('%s/%s is accepted', (authority, name, hashAlgorithm, genTime) => {
    const chain = chainOf(authority);
    const verified = verifyTimestamp(parseTimestamp(file(join(authority, name))), HELLO, chain);
    expect(verified).toMatchObject({
      genTime: new Date(genTime),
      hashAlgorithm,
      policy: '1.3.6.1.4.1.57264.2',
    });
    expect(verified.signer).toBe(chain[0]);
  });

  it('a timestamp is accepted when the certificates have expired since, serial number below zero and all', () => {
    const timestamp = parseTimestamp(file('sigstore.mock/response-expired.tsr'));
    const payload = file('sigstore.mock/payload');
    const { serialNumber } = verifyTimestamp(timestamp, payload, chainOf('sigstore.mock'));
    expect(serialNumber).toEqual(Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
  });

  // rsaEncryption, SHA-1 certificate identifier, NULL parameters, intermediate above: what commercial authorities write.
  it('a timestamp of a commercial authority is accepted with the chain it sends, below the root we have', () => {
    const timestamp = parseTimestamp(file('identrust/issue-104.tsr'));
    const root = Certificate.parse(file('identrust/ts_chain.pem'));
    const sent = timestamp.certificates.map(({ raw }) => Certificate.parse(raw));
    const leaf = sent.find((certificate) => isSignedBy(timestamp, certificate)) as Certificate;
    const intermediate = sent.find(({ subject }) => equalBytes(subject, leaf.issuer)) as Certificate;
    const { genTime, signer } = verifyTimestamp(timestamp, HELLO, [leaf, intermediate, root]);
    expect(genTime).toEqual(new Date('2025-03-11T08:52:08Z'));
    expect(signer).toBe(leaf);
  });

  // GHSA-3xxc-pwj6-jgrj, CVE-2026-39984: the certificates that come along are in any order, and anybody's.
  it('certificates slipped into a response are nobody’s: the signer stays the authority', () => {
    const timestamp = parseTimestamp(file('test_tsa/response-injected-certs.tsr'));
    const chain = chainOf('test_tsa');
    const sent = timestamp.certificates.map(({ raw }) => Certificate.parse(raw));
    const spoofed = sent.find((one) => one.describe().includes('Spoofed TSA')) as Certificate;
    expect(isSignedBy(timestamp, spoofed)).toBe(false);
    expect(verifyTimestamp(timestamp, HELLO, chain).signer).toBe(chain[0]);
  });

  it('an invalid signature, another authority and another message are refused', async () => {
    const sigstage = chainOf('sigstage');
    const judge = (name: string, message: Uint8Array, chain: readonly Certificate[]) =>
      refusalCode(() => verifyTimestamp(parseTimestamp(file(name)), message, chain));
    expect(await judge('sigstage/response-invalid-signature.tsr', HELLO, sigstage)).toBe('SIGNATURE');
    expect(await judge('test_tsa/other_response.tsr', HELLO, chainOf('test_tsa'))).toBe('SIGNER');
    expect(await judge('test_tsa/response.tsr', HELLO, sigstage)).toBe('SIGNER');
    expect(await judge('sigstage/response-sha256.tsr', encodeUtf8('hullo'), sigstage)).toBe('IMPRINT');
  });
});
