import { describe, expect, it } from '@jest/globals';
import { digest } from '@sigstead/crypto';
import { refusal } from './testonly/refusal.ts';
import { ARTIFACT, DIGEST } from './testonly/request.ts';
import type { TimeStampReq } from './time-stamp-req.ts';
import { verifyTimeStampReq } from './verify-request.ts';

const POLICY = { accepted: ['1.2.3', '1.2.4'], default: '1.2.3' };
const REQUEST: TimeStampReq = {
  hash: 'sha256',
  hashedMessage: DIGEST,
  policy: undefined,
  nonce: undefined,
  certReq: false,
  extensions: [],
};
const verify = (changes: Partial<TimeStampReq>) => () =>
  verifyTimeStampReq({ ...REQUEST, ...changes }, POLICY);

describe('verifyTimeStampReq', () => {
  it('takes a digest as long as its hash makes it, and every accepted policy', () => {
    for (const hash of ['sha256', 'sha384', 'sha512'] as const)
      expect(verify({ hash, hashedMessage: digest(hash, ARTIFACT) })).not.toThrow();
    for (const policy of POLICY.accepted) expect(verify({ policy })).not.toThrow();
  });

  it('refuses a digest of another length, empty ones too', async () => {
    for (const length of [0, 20, 31, 33, 48, 64]) {
      expect(await refusal(verify({ hashedMessage: new Uint8Array(length) }))).toMatchObject({
        code: 'DIGEST_LENGTH',
        message: 'Message digest has incorrect length for specified algorithm',
      });
    }
  });

  it('refuses a policy that is not on the list', async () => {
    for (const policy of ['1.2', '1.2.3.4', '1.2.5', '']) {
      expect(await refusal(verify({ policy }))).toMatchObject({
        code: 'POLICY',
        message: 'unaccepted policy: requested TSA policy is not supported by the TSA',
      });
    }
  });

  it('refuses any extension', async () => {
    expect(await refusal(verify({ extensions: ['1.2.3'] }))).toMatchObject({
      code: 'EXTENSION',
      message: 'unaccepted extension: requested extensions are not supported by the TSA',
    });
  });

  it('tells the first fault of several in the order of upstream', async () => {
    const all = { hashedMessage: new Uint8Array(1), policy: '1.1', extensions: ['1.2'] };
    expect((await refusal(verify(all))).code).toBe('DIGEST_LENGTH');
    expect((await refusal(verify({ ...all, hashedMessage: DIGEST }))).code).toBe('POLICY');
  });
});
