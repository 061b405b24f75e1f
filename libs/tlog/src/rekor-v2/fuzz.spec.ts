import { describe, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8, isJsonObject, type JsonValue } from '@sigstead/encoding';
import fc from 'fast-check';
import { buildEntryPolicy } from '../entry-policy-settings.ts';
import { refusal } from '../testonly/errors.ts';
import { dsseRequest, hashedRekordRequest, v2Parts } from '../testonly/rekor-v2-requests.ts';
import { admitRekorV2Entry } from './admit-rekor-v2-entry.ts';
import { parseRequestJson } from './parse-request-json.ts';

const signer = PrivateKeySigner.generate('P-256');
const requests: readonly JsonValue[] = [
  hashedRekordRequest(await v2Parts(signer)),
  await dsseRequest(signer),
];
const policy = buildEntryPolicy({});
const limits = { maxBytes: 1 << 20, maxDepth: 16 };
const names = fc.constantFrom('__proto__', 'constructor', 'toString', 'length', 'key_details', 'rawBytes');
const values = fc.oneof(
  fc.jsonValue().map((value) => value as JsonValue),
  fc.constantFrom<JsonValue>('', '=', 'AQI', 'AQID', -0, 5, 2 ** 63, 1e308, [], {}, [[]], [null], null, true),
  fc.base64String({ maxLength: 200 }),
  fc.dictionary(names, fc.jsonValue()).map((value) => value as JsonValue),
);

/** Any outcome is fine except an error of another class, which `refusal` throws on. */
function tryAdmitting(body: Uint8Array): void {
  refusal(() => admitRekorV2Entry(body, limits, policy));
}

describe('admitRekorV2Entry throws nothing but TlogError', () => {
  it('for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), tryAdmitting));
  });

  it('for any JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => tryAdmitting(encodeUtf8(text))));
  });

  it.each(['hashedRekordRequestV002', 'dsseRequestV002'])('for any message in %s', (name) => {
    fc.assert(fc.property(values, (value) => tryAdmitting(encodeUtf8(JSON.stringify({ [name]: value })))));
  });

  it('when one place of a sound request is replaced', () => {
    const places = requests.flatMap((request) => pathsOf(request).map((path) => ({ request, path })));
    fc.assert(
      fc.property(fc.constantFrom(...places), values, ({ request, path }, value) => {
        tryAdmitting(encodeUtf8(JSON.stringify(replaced(request, path, value))));
      }),
      { numRuns: 1000 },
    );
  });

  it('when bytes of a sound request are changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...requests), fc.nat(), fc.nat(255), (request, at, byte) => {
        const body = encodeUtf8(JSON.stringify(request));
        body[at % body.length] = byte;
        tryAdmitting(body);
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseRequestJson', () => {
  it('takes every object whose members have names of their own', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        parseRequestJson(encodeUtf8(JSON.stringify(value)), limits);
      }),
    );
  });

  it('takes no object with one of its members repeated, wherever it is', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.jsonValue(),
        fc.nat(),
        (object, value, which) => {
          const members = Object.entries(object);
          const [name] = members[which % members.length] as [string, unknown];
          const text = members.map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`);
          const repeated = `[{${[...text, `${JSON.stringify(name)}:${JSON.stringify(value)}`].join(',')}}]`;
          return refusal(() => parseRequestJson(encodeUtf8(repeated), limits)) === 'JSON';
        },
      ),
    );
  });
});

type Path = readonly (string | number)[];

function pathsOf(value: JsonValue): Path[] {
  if (Array.isArray(value))
    return [[], ...value.flatMap((item, i) => pathsOf(item).map((path) => [i, ...path]))];
  if (!isJsonObject(value)) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([name, member]) => pathsOf(member).map((path) => [name, ...path])),
  ];
}

function replaced(value: JsonValue, [first, ...rest]: Path, by: JsonValue): JsonValue {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((item, i) => (i === first ? replaced(item, rest, by) : item));
  if (!isJsonObject(value)) return value;
  return { ...value, [first]: replaced(value[first] as JsonValue, rest, by) };
}
