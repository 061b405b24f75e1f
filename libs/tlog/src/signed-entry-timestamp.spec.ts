import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeUtf8, encodeHex } from '@sigstead/encoding';
import {
  signedEntryTimestampPayload,
  signSignedEntryTimestamp,
  type SetPayload,
  verifySignedEntryTimestamp,
} from './signed-entry-timestamp.ts';
import { refusal, refusalOf } from './testonly/errors.ts';

const signer = PrivateKeySigner.generate('P-256');
const payload: SetPayload = {
  body: 'e30=',
  integratedTime: 1710888076,
  logId: encodeHex(signer.publicKey.keyId),
  logIndex: 79605083,
};
const signature = await signSignedEntryTimestamp(payload, signer);

describe('signedEntryTimestampPayload', () => {
  it('is canonical JSON of exactly four fields', () => {
    expect(decodeUtf8(signedEntryTimestampPayload(payload))).toBe(
      `{"body":"e30=","integratedTime":1710888076,"logID":"${payload.logId}","logIndex":79605083}`,
    );
  });

  it.each<[string, Partial<SetPayload>]>([
    ['a negative index', { logIndex: -1 }],
    ['an index beyond 2^53', { logIndex: 2 ** 53 }],
    ['a fractional time', { integratedTime: 1.5 }],
    ['a time that is no number', { integratedTime: NaN }],
    ['an upper-case log ID', { logId: payload.logId.toUpperCase().replace(/\d/g, 'A') }],
    ['a short log ID', { logId: payload.logId.slice(1) }],
    ['a body that is not base64', { body: '{}' }],
    ['an empty body', { body: '' }],
  ])('refuses %s', (_, change) => {
    expect(refusal(() => signedEntryTimestampPayload({ ...payload, ...change }))).toBe('SET');
  });
});

describe('verifySignedEntryTimestamp', () => {
  it('accepts what the log signed', () => {
    expect(refusal(() => verifySignedEntryTimestamp(payload, signature, signer.publicKey))).toBe('accepted');
  });

  it.each<[string, Partial<SetPayload>]>([
    ['another index', { logIndex: 79605084 }],
    ['another time', { integratedTime: 1710888077 }],
    ['another body', { body: 'e31=' }],
    ['another log', { logId: '00'.repeat(32) }],
  ])('refuses %s', (_, change) => {
    const changed = { ...payload, ...change };
    expect(refusal(() => verifySignedEntryTimestamp(changed, signature, signer.publicKey))).toBe('SIGNATURE');
  });

  it('refuses the signature of another key', () => {
    const other = PrivateKeySigner.generate('P-256').publicKey;
    expect(refusal(() => verifySignedEntryTimestamp(payload, signature, other))).toBe('SIGNATURE');
  });

  it('refuses a signature that is none', () => {
    expect(refusal(() => verifySignedEntryTimestamp(payload, new Uint8Array(), signer.publicKey))).toBe(
      'SIGNATURE',
    );
  });

  it('is never signed with another hash than SHA-256', async () => {
    expect(await refusalOf(signSignedEntryTimestamp(payload, PrivateKeySigner.generate('P-384')))).toBe(
      'SIGNER',
    );
  });
});
