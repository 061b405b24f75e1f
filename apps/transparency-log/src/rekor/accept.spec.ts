import { describe, expect, it } from '@jest/globals';
import { assertAcceptable } from './accept.ts';

const takes = (accept: string | undefined): boolean => {
  try {
    assertAcceptable(accept, 'application/json');
    return true;
  } catch {
    return false;
  }
};

describe('assertAcceptable', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/*',
    'text/html, application/json;q=0.1',
    'text/html, */*;q=0.8',
  ])('takes %j', (accept) => {
    expect(takes(accept)).toBe(true);
  });

  it.each([
    'text/html',
    'application/x-pem-file',
    'application/json;q=0',
    '*/*;q=0',
    'application/json;q=x',
    ';',
  ])('refuses %j', (accept) => {
    expect(takes(accept)).toBe(false);
  });

  it('reads no more of a header than anybody writes', () => {
    expect(takes(`${'text/html,'.repeat(64)}application/json`)).toBe(false);
  });
});
