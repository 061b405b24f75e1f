import { expect, it } from '@jest/globals';
import type { JsonValue } from '@sigstead/encoding';
import { parseBundle } from './parse-bundle.ts';
import { parseTlogEntry } from './parse-tlog-entry.ts';
import { tlogEntryToJson } from './serialize-bundle.ts';
import { tlogEntry, v03 } from './testonly/bundles.ts';
import { refusal } from './testonly/errors.ts';

const parse = (entry: JsonValue) => parseTlogEntry(JSON.stringify(entry));

it('reads one entry as it is read inside a bundle, and back', () => {
  const [entry] = parseBundle(JSON.stringify(v03)).verificationMaterial.tlogEntries;
  expect(parse(tlogEntry)).toEqual(entry);
  expect(parse(tlogEntryToJson(parse(tlogEntry)))).toEqual(entry);
});

it.each<[string, () => unknown, string]>([
  ['no JSON', () => parseTlogEntry('entry'), 'JSON'],
  ['deep nesting', () => parseTlogEntry('['.repeat(100_000)), 'LIMIT'],
  ['too many bytes', () => parseTlogEntry(' '.repeat((4 << 20) + 1)), 'LIMIT'],
  ['a list', () => parse([tlogEntry]), 'TYPE'],
  ['an unknown field', () => parse({ ...tlogEntry, more: 1 }), 'UNKNOWN_FIELD'],
])('refuses %s', (_name, work, code) => {
  expect(refusal(work)).toBe(code);
});
