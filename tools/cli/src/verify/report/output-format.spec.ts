import { expect, it } from '@jest/globals';
import { blobOutputFormat, hasColors, outputFormat } from './output-format.ts';

it('is text, or what cosign prints where that is the name of the program', () => {
  expect(outputFormat(undefined, '/usr/bin/sigstead')).toBe('text');
  expect(outputFormat(undefined, undefined)).toBe('text');
  expect(outputFormat(undefined, '/usr/local/bin/cosign')).toBe('json');
  expect(outputFormat(undefined, '/opt/cosign/sigstead')).toBe('text');
  expect(outputFormat('text', '/usr/local/bin/cosign')).toBe('text');
});

it('is nothing for files unless it is wanted', () => {
  expect(blobOutputFormat(undefined)).toBeUndefined();
  expect(blobOutputFormat('json')).toBe('json');
});

it('refuses other formats', () => {
  expect(() => outputFormat('yaml', undefined)).toThrow(expect.objectContaining({ exitCode: 2 }));
});

it('has colours on a terminal that wants them', () => {
  expect(hasColors({ isTTY: true }, {})).toBe(true);
  expect(hasColors({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(hasColors({}, {})).toBe(false);
});
