import { describe, expect, it } from '@jest/globals';
import { addressesOf } from './addresses.ts';

describe('addressesOf', () => {
  it.each([
    ['localhost', ['127.0.0.1', '::1'], '127.0.0.1'],
    ['127.0.0.1', ['127.0.0.1'], '127.0.0.1'],
    ['0.0.0.0', ['0.0.0.0'], '127.0.0.1'],
    ['::', ['::'], '[::1]'],
    ['::1', ['127.0.0.1', '::1'], '127.0.0.1'],
    ['[::1]', ['127.0.0.1', '::1'], '127.0.0.1'],
    ['sigstead.test', ['127.0.0.1', 'sigstead.test'], '127.0.0.1'],
  ])('reads %s', (host, listen, dial) => {
    expect(addressesOf(host)).toEqual({ listen, dial });
    expect(new URL(`http://${addressesOf(host).dial}:8080`).port).toBe('8080');
  });
});
