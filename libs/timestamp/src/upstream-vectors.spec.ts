import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { digest, type Signer } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { Certificate } from '@sigstead/x509';
import { readResponse } from './testonly/read-response.ts';
import { vectorsFolder } from './testonly/vectors.ts';
import { parseTimeStampReq } from './time-stamp-req.ts';
import { createTimestampResponse } from './time-stamp-resp.ts';

const folder = vectorsFolder('rfc3161');
const upstream = folder === undefined ? describe.skip : describe;
const file = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(folder ?? '', name)));
const chainOf = (name: string): Certificate[] => {
  const chain = Certificate.chainFromPem(readFileSync(join(folder ?? '', name, 'ts_chain.pem'), 'utf8'));
  // Some files have the root first.
  return chain[0]?.isCa === true ? chain.reverse() : chain;
};

/** Signs with upstream's default hash, always the one signature that upstream's response bears. */
const recorded = ({ publicKey }: Certificate, signature: Uint8Array): Signer => ({
  publicKey,
  hash: 'sha256',
  sign: () => Promise.resolve(signature),
});

function dateOf(genTime: string): Date {
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)Z$/.exec(genTime) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

upstream('responses of Sigstore’s timestamp authority', () => {
  it.each([
    ['sigstage/response-sha256.tsr', 'sha256'],
    ['sigstage/response-sha384.tsr', 'sha384'],
    ['sigstage/response-sha512.tsr', 'sha512'],
    ['sigstage/response-no-embedded-cert.tsr', 'sha256'],
    ['test_tsa/response.tsr', 'sha512'],
  ] as const)('%s is what we write, byte for byte, given its signature', async (name, hash) => {
    const theirs = file(name);
    const parts = readResponse(theirs);
    const chain = chainOf(name.split('/')[0] as string);
    const [leaf] = chain as [Certificate];
    const ours = await createTimestampResponse(
      {
        hash,
        hashedMessage: parts.hashedMessage,
        policy: parts.policy,
        nonce: parts.nonce,
        certReq: parts.certificates.length > 0,
        extensions: [],
      },
      {
        signer: recorded(leaf, parts.signature),
        chain,
        policy: { accepted: [parts.policy], default: parts.policy },
        genTime: dateOf(parts.genTime),
        serialNumber: parts.serialNumber[0] === 0 ? parts.serialNumber.subarray(1) : parts.serialNumber,
        accuracySeconds: 1,
        includeChain: false,
      },
    );
    expect(encodeHex(ours)).toBe(encodeHex(theirs));
  });

  it.each(['sigstage/request.der', 'test_tsa/request.der', 'test_tsa/other_request.der'])(
    '%s is read',
    (name) => {
      const request = parseTimeStampReq(file(name));
      expect(request.hashedMessage).toHaveLength(digest(request.hash).length);
      expect(request.extensions).toEqual([]);
    },
  );
});
