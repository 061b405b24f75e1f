import { describe, expect, it } from '@jest/globals';
import { ClientError } from '@sigstead/client';
import { SigningError } from '@sigstead/signing';
import { describeFailure, failureOf } from './failure.ts';

describe('failureOf', () => {
  it('tells once what a service said', () => {
    const cause = new ClientError('STATUS', 'signing certificate: ca.test answered 400: the token is old', {
      step: 'signing certificate',
      host: 'ca.test',
      status: 400,
      serverMessage: 'the token is old',
    });
    const failure = failureOf(new SigningError('certificate', 'CALL_FAILED', cause.message, { cause }));
    expect(failure && describeFailure(failure)).toBe(
      'step certificate: signing certificate: ca.test answered 400: the token is old',
    );
  });

  it('leaves defects of our own alone', () => {
    expect(failureOf(new TypeError('a defect'))).toBeUndefined();
  });
});
