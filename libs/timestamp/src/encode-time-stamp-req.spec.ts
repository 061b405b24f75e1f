import { expect, it } from '@jest/globals';
import { digest } from '@sigstead/crypto';
import { encodeTimeStampReq } from './encode-time-stamp-req.ts';
import { openssl } from './testonly/openssl.ts';
import { refusalCode } from './testonly/refusal.ts';
import { ARTIFACT } from './testonly/request.ts';
import { parseTimeStampReq } from './time-stamp-req.ts';

it.each(['sha256', 'sha384', 'sha512'] as const)('asks for a %s digest as openssl does', (hash) => {
  const made = encodeTimeStampReq(hash, digest(hash, ARTIFACT));
  const query = ['ts', '-query', '-data', 'artifact', `-${hash}`, '-no_nonce', '-out', 'out'];
  expect(made).toEqual(openssl(query, { artifact: ARTIFACT }));
  expect(parseTimeStampReq(made)).toMatchObject({
    hash,
    nonce: undefined,
    certReq: false,
    policy: undefined,
  });
});

it('refuses a digest of another length', async () => {
  expect(await refusalCode(() => encodeTimeStampReq('sha256', new Uint8Array(48)))).toBe('DIGEST_LENGTH');
});
