import { describe, expect, it } from '@jest/globals';
import { readBaseUrl } from './base-url.ts';

describe('readBaseUrl', () => {
  it.each([
    ['http://localhost:8080', 'http://localhost:8080'],
    ['https://sigstead.example/', 'https://sigstead.example'],
    ['http://localhost:8080/behind/a/proxy//', 'http://localhost:8080/behind/a/proxy'],
  ])('takes %s', (text, url) => {
    expect(readBaseUrl(text)).toBe(url);
  });

  it.each(['', ' ', 'localhost:8080', 'ftp://x', 'http://', 'http://x:99999', 'http://x?y=1', 'http://x/#y'])(
    'refuses %j',
    (text) => {
      expect(() => readBaseUrl(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );

  it('does not repeat a password', () => {
    expect(() => readBaseUrl('http://ada:secret@localhost:8080')).toThrow(/user name or password/);
    expect(() => readBaseUrl('http://ada:secret@localhost:8080')).not.toThrow(/secret/);
  });
});
