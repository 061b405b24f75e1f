import { describe, expect, it } from '@jest/globals';
import { proofSubject } from './proof-subject.ts';
import { makeToken } from './testonly/small-sigstore.ts';

describe('proofSubject', () => {
  it.each([
    ['the subject', { sub: 'repo:a' }, 'repo:a'],
    [
      'the verified e-mail before it',
      { sub: '1', email: 'a@b.example', email_verified: true },
      'a@b.example',
    ],
    [
      'an e-mail verified in words',
      { sub: '1', email: 'a@b.example', email_verified: 'true' },
      'a@b.example',
    ],
    ['the subject when the e-mail is empty', { sub: '1', email: '' }, '1'],
  ])('is %s', (_name, claims, subject) => {
    expect(proofSubject(makeToken(claims))).toBe(subject);
  });

  it.each([
    ['an e-mail nobody verified', makeToken({ sub: '1', email: 'a@b.example', email_verified: false })],
    ['an e-mail without a word about it', makeToken({ sub: '1', email: 'a@b.example' })],
    ['no subject', makeToken({ iss: 'x' })],
    ['a subject that is no text', makeToken({ sub: 7 })],
    ['a list', makeToken([])],
    ['nothing', ''],
    ['two parts', 'secret.secret'],
    ['four parts', 'secret.secret.secret.secret'],
    ['dots only', '.'.repeat(10_000)],
    ['no base64', 'secret.se!cret.x'],
    ['no JSON', `secret.${Buffer.from('secret').toString('base64url')}.secret`],
    ['a huge text', 'secret'.repeat(10_000)],
  ])('refuses a token with %s and does not quote it', (_name, token) => {
    let message = '';
    try {
      proofSubject(token);
    } catch (error) {
      expect(error).toMatchObject({ name: 'SigningError', step: 'input', code: 'TOKEN' });
      message = String((error as Error).stack);
    }
    expect(message).toContain('identity token cannot be used');
    expect(message).not.toContain('secret');
  });
});
