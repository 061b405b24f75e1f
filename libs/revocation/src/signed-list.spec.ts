import { verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, type Signer } from '@sigstead/crypto';
import {
  canonicalizeJson,
  concatBytes,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  type JsonObject,
  type JsonValue,
} from '@sigstead/encoding';
import fc from 'fast-check';
import { RevocationError } from './errors.ts';
import { MAX_REVOCATIONS, type RevocationList } from './revocation.ts';
import { openRevocationList, REVOCATIONS_PAYLOAD_TYPE, signRevocationList } from './signed-list.ts';
import { CA, hours, KEY, listOf, NOW, REVOCATIONS } from './testonly/lists.ts';

const signer = PrivateKeySigner.generate('P-256');
const list = listOf(...Object.values(REVOCATIONS));
let envelope: JsonObject;
let payload: JsonObject;

beforeAll(async () => {
  envelope = JSON.parse(decodeUtf8(await signRevocationList(list, signer))) as JsonObject;
  payload = JSON.parse(decodeUtf8(decodeBase64(envelope['payload'] as string))) as JsonObject;
});

function open(value: JsonValue | Uint8Array): RevocationList {
  const bytes = value instanceof Uint8Array ? value : encodeUtf8(JSON.stringify(value));
  return openRevocationList(bytes, signer.publicKey);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RevocationError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** An envelope over any bytes, signed as a list is. */
async function sealed(
  bytes: Uint8Array,
  { by = signer as Signer, type = REVOCATIONS_PAYLOAD_TYPE } = {},
): Promise<JsonObject> {
  const pae = concatBytes(encodeUtf8(`DSSEv1 ${type.length} ${type} ${bytes.length} `), bytes);
  return {
    payload: encodeBase64(bytes),
    payloadType: type,
    signatures: [{ keyid: encodeHex(by.publicKey.keyId), sig: encodeBase64(await by.sign(pae)) }],
  };
}

const sealedJson = (value: JsonValue): Promise<JsonObject> => sealed(encodeUtf8(canonicalizeJson(value)));

describe('a signed list', () => {
  it('says what was signed', () => {
    expect(open(envelope)).toEqual(list);
  });

  it('is JSON anybody can read', () => {
    expect(payload).toMatchObject({
      version: 1,
      sequence: 5,
      issuedAt: '2026-06-01T12:00:00Z',
      nextUpdate: '2026-06-02T12:00:00Z',
    });
    expect((payload['revocations'] as JsonValue[]).slice(0, 2)).toEqual([
      {
        kind: 'serial',
        serialNumber: '7f0001',
        authorityKeyId: '02'.repeat(32),
        from: '2026-06-01T10:00:00Z',
        reason: 'keyCompromise',
        revokedAt: '2026-06-01T11:00:00Z',
      },
      {
        kind: 'key',
        keyHash: '01'.repeat(32),
        from: '2026-06-01T10:00:00Z',
        reason: 'keyCompromise',
        revokedAt: '2026-06-01T11:00:00Z',
      },
    ]);
  });

  it('is a DSSE envelope anybody can verify', () => {
    const [{ keyid, sig }] = envelope['signatures'] as unknown as [{ keyid: string; sig: string }];
    expect(keyid).toBe(encodeHex(signer.publicKey.keyId));
    const bytes = Buffer.from(envelope['payload'] as string, 'base64');
    const pae = Buffer.concat([
      Buffer.from(`DSSEv1 44 application/vnd.sigstead.revocations.v1+json ${bytes.length} `),
      bytes,
    ]);
    expect(verify('sha256', pae, signer.publicKey.toPem(), Buffer.from(sig, 'base64'))).toBe(true);
  });

  it('may be empty', async () => {
    const empty = listOf();
    expect(openRevocationList(await signRevocationList(empty, signer), signer.publicKey)).toEqual(empty);
  });

  it('comes back as it went in, whatever it says', async () => {
    const date = fc.integer({ min: 0, max: 250_000_000_000 }).map((seconds) => new Date(seconds * 1000));
    const identity = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
    const target = fc.oneof(
      fc.record({ kind: fc.constant('identity' as const), identity, issuer: identity }),
      fc.record({
        kind: fc.constant('key' as const),
        keyHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      }),
    );
    const revocation = fc.record({
      target,
      from: date,
      reason: fc.constantFrom('unspecified' as const, 'privilegeWithdrawn' as const),
      revokedAt: date,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(revocation, { maxLength: 5 }), async (revocations) => {
        const given = listOf(...revocations);
        expect(openRevocationList(await signRevocationList(given, signer), signer.publicKey)).toEqual(given);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a list that was tampered with', () => {
  it('is refused with any byte of the payload changed', () => {
    const bytes = decodeBase64(envelope['payload'] as string);
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] as number) ^ 1;
      expect(refusal(() => open({ ...envelope, payload: encodeBase64(changed) }))).toBe('SIGNATURE');
    }
  });

  it('is refused without its last revocation', () => {
    const shorter = { ...payload, revocations: (payload['revocations'] as JsonValue[]).slice(0, -1) };
    const changed = { ...envelope, payload: encodeBase64(encodeUtf8(canonicalizeJson(shorter))) };
    expect(refusal(() => open(changed))).toBe('SIGNATURE');
  });

  it('is refused with the signature of another list', async () => {
    const other = JSON.parse(decodeUtf8(await signRevocationList(listOf(), signer))) as JsonObject;
    expect(refusal(() => open({ ...envelope, signatures: other['signatures'] as JsonValue }))).toBe(
      'SIGNATURE',
    );
  });

  it('is refused when another key signed it, also under our name', async () => {
    const impostor = PrivateKeySigner.generate('P-256');
    const forged = await sealed(encodeUtf8(canonicalizeJson(payload)), { by: impostor });
    expect(refusal(() => open(forged))).toBe('KEY_ID');
    const [{ sig }] = forged['signatures'] as [{ sig: string }];
    const keyid = encodeHex(signer.publicKey.keyId);
    expect(refusal(() => open({ ...forged, signatures: [{ keyid, sig }] }))).toBe('SIGNATURE');
  });

  it('is refused when it was signed as a document of another type', async () => {
    const other = await sealed(encodeUtf8(canonicalizeJson(payload)), {
      type: 'application/vnd.in-toto+json',
    });
    expect(refusal(() => open(other))).toBe('PAYLOAD_TYPE');
    expect(refusal(() => open({ ...other, payloadType: REVOCATIONS_PAYLOAD_TYPE }))).toBe('SIGNATURE');
  });
});

describe('an envelope is refused', () => {
  it.each<[string, string, (envelope: JsonObject) => JsonValue]>([
    ['that is no object', 'FIELD', () => []],
    [
      'without a payload',
      'MISSING_FIELD',
      ({ payloadType, signatures }) => ({ payloadType, signatures }) as JsonObject,
    ],
    ['with a further field', 'UNKNOWN_FIELD', (given) => ({ ...given, more: 1 })],
    [
      'with a prototype',
      'UNKNOWN_FIELD',
      (given) => JSON.parse(`{"__proto__":{},"payload":"${String(given['payload'])}"}`) as JsonObject,
    ],
    ['with a payload that is no text', 'FIELD', (given) => ({ ...given, payload: {} })],
    ['with a payload that is no base64', 'FIELD', (given) => ({ ...given, payload: 'a-b' })],
    ['without a signature', 'FIELD', (given) => ({ ...given, signatures: [] })],
    ['with two signatures', 'FIELD', (given) => ({ ...given, signatures: [1, 2] })],
    ['with a signature that is no object', 'FIELD', (given) => ({ ...given, signatures: [null] })],
    [
      'with an unknown field beside the signature',
      'UNKNOWN_FIELD',
      (given) => ({ ...given, signatures: [{ keyid: '', sig: '', cert: '' }] }),
    ],
    ['with a signature without a key', 'MISSING_FIELD', (given) => ({ ...given, signatures: [{ sig: '' }] })],
    [
      'with an empty signature',
      'SIGNATURE',
      (given) => ({ ...given, signatures: [{ keyid: encodeHex(signer.publicKey.keyId), sig: '' }] }),
    ],
  ])('%s', (_name, code, change) => {
    expect(refusal(() => open(change(envelope)))).toBe(code);
  });

  it.each<[string, string, Uint8Array]>([
    ['that is no JSON', 'JSON', encodeUtf8('{')],
    ['that is no UTF-8', 'JSON', Uint8Array.of(0x22, 0xff, 0x22)],
    ['that is empty', 'JSON', new Uint8Array()],
    ['that is deep', 'LIMIT', encodeUtf8('['.repeat(100_000))],
    ['over 22 MiB', 'LIMIT', new Uint8Array(23 * 1024 * 1024).fill(0x20)],
  ])('%s', (_name, code, bytes) => {
    expect(refusal(() => open(bytes))).toBe(code);
  });
});

describe('a payload is refused, although its signature verifies', () => {
  const entry = (changes: JsonObject): ((given: JsonObject) => JsonValue) => {
    return (given) => ({
      ...given,
      revocations: [{ ...((given['revocations'] as JsonValue[])[0] as JsonObject), ...changes }],
    });
  };
  it.each<[string, string, (payload: JsonObject) => JsonValue]>([
    ['that is no object', 'FIELD', () => 'text'],
    ['of another version', 'VERSION', (given) => ({ ...given, version: 2 })],
    ['with a further field', 'UNKNOWN_FIELD', (given) => ({ ...given, more: 1 })],
    ['without a sequence', 'MISSING_FIELD', ({ sequence: _, ...rest }) => rest],
    ['with half a sequence', 'FIELD', (given) => ({ ...given, sequence: 1.5 })],
    ['with a negative sequence', 'FIELD', (given) => ({ ...given, sequence: -1 })],
    ['with a sequence as text', 'FIELD', (given) => ({ ...given, sequence: '5' })],
    [
      'that ends as it starts',
      'VALIDITY',
      (given) => ({ ...given, nextUpdate: given['issuedAt'] as string }),
    ],
    ['with a date that does not exist', 'FIELD', (given) => ({ ...given, issuedAt: '2026-02-30T00:00:00Z' })],
    [
      'with a date in another zone',
      'FIELD',
      (given) => ({ ...given, issuedAt: '2026-06-01T12:00:00+01:00' }),
    ],
    ['with revocations that are no list', 'FIELD', (given) => ({ ...given, revocations: {} })],
    ['with a revocation that is no object', 'FIELD', (given) => ({ ...given, revocations: [7] })],
    ['with an unknown kind', 'FIELD', entry({ kind: 'toString' })],
    ['with a field of another kind', 'UNKNOWN_FIELD', entry({ keyHash: '01'.repeat(32) })],
    ['with an unknown reason', 'FIELD', entry({ reason: 'certificateHold' })],
    ['with an odd number of digits', 'FIELD', entry({ serialNumber: '7f0' })],
    ['with upper-case digits', 'FIELD', entry({ serialNumber: '7F' })],
    ['with a leading zero octet', 'FIELD', entry({ serialNumber: '007f' })],
    ['with a serial number of 21 octets', 'FIELD', entry({ serialNumber: '7f'.repeat(21) })],
    ['with an authority that is no SHA-256', 'FIELD', entry({ authorityKeyId: '02'.repeat(20) })],
    [
      'with no identity',
      'FIELD',
      (given) => ({
        ...given,
        revocations: [{ ...((given['revocations'] as JsonValue[])[2] as JsonObject), identity: '' }],
      }),
    ],
    [
      'with an endless identity',
      'FIELD',
      (given) => ({
        ...given,
        revocations: [
          { ...((given['revocations'] as JsonValue[])[2] as JsonObject), identity: 'x'.repeat(4097) },
        ],
      }),
    ],
    [
      'with too many revocations',
      'LIMIT',
      (given) => ({ ...given, revocations: new Array<JsonValue>(MAX_REVOCATIONS + 1).fill(0) }),
    ],
    ['that is deep', 'LIMIT', (given) => ({ ...given, sequence: [[[[[1]]]]] })],
  ])('%s', async (_name, code, change) => {
    const signed = await sealedJson(change(payload));
    expect(refusal(() => open(signed))).toBe(code);
  });

  it('that is not canonical', async () => {
    const spaced = await sealed(encodeUtf8(JSON.stringify(payload, null, 1)));
    expect(refusal(() => open(spaced))).toBe('JSON');
    const doubled = await sealed(
      encodeUtf8(canonicalizeJson(payload).replace('"version":1', '"version":1,"version":1')),
    );
    expect(refusal(() => open(doubled))).toBe('JSON');
  });
});

describe('a list is not signed', () => {
  it.each<[string, Partial<RevocationList>]>([
    ['that ends before it starts', { nextUpdate: hours(-1) }],
    ['made at no date', { issuedAt: new Date(NaN) }],
    [
      'with a key hash of another length',
      { revocations: [{ ...REVOCATIONS.key, target: { kind: 'key', keyHash: KEY.subarray(1) } }] },
    ],
    [
      'with the serial number 0',
      {
        revocations: [
          {
            ...REVOCATIONS.key,
            target: { kind: 'serial', serialNumber: Uint8Array.of(0), authorityKeyId: CA },
          },
        ],
      },
    ],
  ])('%s', async (_name, changes) => {
    await expect(signRevocationList({ ...list, ...changes }, signer)).rejects.toBeInstanceOf(RevocationError);
  });

  it('keeps whole seconds: milliseconds are cut off', async () => {
    const issuedAt = new Date(NOW.getTime() + 999);
    const opened = openRevocationList(
      await signRevocationList({ ...list, issuedAt }, signer),
      signer.publicKey,
    );
    expect(opened.issuedAt).toEqual(NOW);
  });
});
