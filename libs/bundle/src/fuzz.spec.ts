import { describe, it } from '@jest/globals';
import { isJsonObject, type JsonValue } from '@sigstead/encoding';
import fc from 'fast-check';
import { parseBundle } from './parse-bundle.ts';
import { dsseEnvelope, v01, v02, v03 } from './testonly/bundles.ts';
import { refusal } from './testonly/errors.ts';

type Path = readonly (string | number)[];

const { messageSignature: _, ...rest } = v03;
const sound: readonly JsonValue[] = [v01, v02, v03, { ...rest, dsseEnvelope }];
const places = sound.flatMap((bundle) => pathsOf(bundle).map((path) => ({ bundle, path })));

const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'rawBytes',
  'x',
);
const values = fc.oneof(
  fc.jsonValue().map((value) => value as JsonValue),
  fc.constantFrom<JsonValue>(
    '',
    '-1',
    '1e3',
    '=',
    'AQI',
    'AQID',
    -0,
    2 ** 63,
    1e308,
    [],
    {},
    [[]],
    [null],
    null,
  ),
  names,
  fc.dictionary(names, fc.jsonValue()).map((value) => value as JsonValue),
);

/** Any outcome is fine except an error of another class, which `refusal` throws on. */
describe('parseBundle throws nothing but BundleError', () => {
  it('when one place of a sound bundle is replaced', () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), values, ({ bundle, path }, value) => {
        refusal(() => parseBundle(JSON.stringify(replaced(bundle, path, value))));
      }),
      { numRuns: 1500 },
    );
  });

  it('when a field is added or renamed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), names, values, ({ bundle, path }, name, value) => {
        const added = edited(bundle, path, (place) =>
          isJsonObject(place) ? { ...place, ...Object.fromEntries([[name, value]]) } : place,
        );
        refusal(() => parseBundle(JSON.stringify(added)));
      }),
      { numRuns: 500 },
    );
  });

  it('when characters of the text are replaced', () => {
    const text = JSON.stringify(v03);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(5), fc.string({ unit: 'binary' }), (at, length, insert) => {
        refusal(() => parseBundle(text.slice(0, at) + insert + text.slice(at + length)));
      }),
      { numRuns: 1000 },
    );
  });

  it('on arbitrary JSON, text and bytes', () => {
    fc.assert(fc.property(fc.json(), (text) => void refusal(() => parseBundle(text))));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void refusal(() => parseBundle(text))));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void refusal(() => parseBundle(bytes))));
  });
});

function pathsOf(value: JsonValue, path: Path = []): Path[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item, index) => pathsOf(item, [...path, index]))];
  if (!isJsonObject(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...path, name]))];
}

function replaced(value: JsonValue, path: Path, by: JsonValue): JsonValue {
  return edited(value, path, () => by);
}

function edited(
  value: JsonValue,
  [step, ...further]: Path,
  edit: (place: JsonValue) => JsonValue,
): JsonValue {
  if (step === undefined) return edit(value);
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? edited(item, further, edit) : item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === step ? edited(item, further, edit) : item]),
  );
}
