import { beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { decodeUtf8, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import fc from 'fast-check';
import { admitEntry } from './admit-entry.ts';
import { buildEntryPolicy, type EntryPolicySettings } from './entry-policy-settings.ts';
import { EntryPolicyError, TlogError } from './errors.ts';
import { makeCertificate } from './testonly/certificates.ts';
import { signedParts, specOf } from './testonly/entries.ts';
import { dsseSpec, intotoV001Spec, intotoV002Spec, signEnvelope, STATEMENT } from './testonly/envelopes.ts';

const LIMITS = { maxBytes: 64 * 1024, maxDepth: 16 };
const signer = PrivateKeySigner.generate('P-256');
const pem = signer.publicKey.toPem();
const entries = await soundEntries(pem);

/** One of every type, all by one key or certificate. */
async function soundEntries(verifier: string): Promise<JsonObject[]> {
  const envelope = await signEnvelope([signer]);
  return [
    { kind: 'hashedrekord', apiVersion: '0.0.1', spec: specOf(await signedParts(signer, verifier)) },
    { kind: 'dsse', apiVersion: '0.0.1', spec: dsseSpec(envelope, [verifier]) },
    { kind: 'intoto', apiVersion: '0.0.1', spec: intotoV001Spec(envelope, verifier) },
    { kind: 'intoto', apiVersion: '0.0.2', spec: intotoV002Spec(envelope, [verifier]) },
  ];
}

const admit = (entry: JsonValue, policy: EntryPolicySettings = {}) =>
  admitEntry(encodeUtf8(JSON.stringify(entry)), LIMITS, buildEntryPolicy(policy));

function refusalOf(entry: JsonValue, policy?: EntryPolicySettings): string {
  try {
    admit(entry, policy);
  } catch (error) {
    if (error instanceof TlogError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('admitEntry', () => {
  it('gives what the log stores of an entry of every type', () => {
    for (const entry of entries) {
      const { canonicalBody, indexKeys, attestation } = admit(entry);
      const { kind, apiVersion } = JSON.parse(decodeUtf8(canonicalBody)) as JsonObject;
      expect([kind, apiVersion]).toEqual([entry['kind'], entry['apiVersion']]);
      expect(indexKeys.length).toBeGreaterThan(1);
      expect(attestation).toEqual(kind === 'intoto' ? encodeUtf8(STATEMENT) : undefined);
    }
  });

  it('admits nothing in the stored form of a type that has a form of its own', () => {
    for (const entry of entries) {
      const stored = JSON.parse(decodeUtf8(admit(entry).canonicalBody)) as JsonObject;
      expect(refusalOf(stored)).toBe(stored['kind'] === 'hashedrekord' ? 'accepted' : 'NOT_INSERTABLE');
    }
  });

  it('says which kinds there are to a kind it has not', () => {
    expect(() => admit({ kind: 'rpm', apiVersion: '0.0.1', spec: {} })).toThrow(
      'entries of kind "rpm" are not supported, only dsse, hashedrekord, intoto',
    );
  });
});

describe('a policy', () => {
  it('may take some kinds only', () => {
    const policy = { kinds: ['dsse'] };
    expect(entries.map((entry) => refusalOf(entry, policy))).toEqual([
      'KIND_POLICY',
      'accepted',
      'KIND_POLICY',
      'KIND_POLICY',
    ]);
    expect(() => admit(entries[0] as JsonObject, policy)).toThrow(EntryPolicyError);
  });

  it('may take listed keys only', () => {
    const other = PrivateKeySigner.generate('P-256').publicKey.toPem();
    for (const entry of entries) {
      expect(refusalOf(entry, { signers: { keys: [other, pem], authorities: [] } })).toBe('accepted');
      expect(refusalOf(entry, { signers: { keys: [other], authorities: [] } })).toBe('SIGNER_POLICY');
      expect(refusalOf(entry, { signers: { keys: [], authorities: [] } })).toBe('SIGNER_POLICY');
    }
  });

  it('tells a bad signature before it says who may log', async () => {
    const envelope = await signEnvelope([PrivateKeySigner.generate('P-256')]);
    const entry = { kind: 'dsse', apiVersion: '0.0.1', spec: dsseSpec(envelope, [pem]) };
    expect(refusalOf(entry, { signers: { keys: [], authorities: [] } })).toBe('SIGNATURE');
  });

  describe('with authorities', () => {
    const ca = PrivateKeySigner.generate('P-256');
    let authority: string;
    let certified: JsonObject[];
    let selfSigned: JsonObject[];

    beforeAll(async () => {
      const root = await makeCertificate({ subject: 'CA', issuer: 'CA', key: ca, issuerKey: ca, isCa: true });
      const codeSigning = { key: signer, issuer: 'CA', subject: 'leaf', codeSigning: true };
      const leaf = await makeCertificate({ ...codeSigning, issuerKey: ca });
      const forged = await makeCertificate({ ...codeSigning, issuerKey: signer });
      authority = root.toPem();
      certified = await soundEntries(leaf.toPem());
      selfSigned = await soundEntries(forged.toPem());
    });

    it('takes certificates that one of them issued', () => {
      const policy = { signers: { keys: [], authorities: [authority] } };
      expect(certified.map((entry) => refusalOf(entry, policy))).toEqual(Array(4).fill('accepted'));
    });

    it('refuses certificates that only bear their name, and bare keys', () => {
      const policy = { signers: { keys: [], authorities: [authority] } };
      for (const entry of [...selfSigned, ...entries]) expect(refusalOf(entry, policy)).toBe('SIGNER_POLICY');
    });

    it('does not take a certificate for its key', () => {
      expect(
        certified.map((entry) => refusalOf(entry, { signers: { keys: [pem], authorities: [] } })),
      ).toEqual(Array(4).fill('SIGNER_POLICY'));
    });
  });
});

describe('whatever comes', () => {
  it('law: a sound entry with any part replaced by any JSON is admitted or refused, nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...entries),
        fc.nat(),
        fc.oneof(
          fc.jsonValue({ maxDepth: 2 }),
          fc.constantFrom<JsonValue>(
            null,
            '',
            [],
            {},
            0,
            -1,
            '\ud800',
            '\0',
            [[]],
            { length: 1 },
            '__proto__',
          ),
          fc.base64String({ maxLength: 40 }),
        ),
        (entry, place, value) => {
          const changed = structuredClone(entry);
          replaceAt(changed, place, value as JsonValue);
          expect(typeof refusalOf(changed)).toBe('string');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('law: a sound entry with any bytes changed is admitted or refused, nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...entries),
        fc.nat(),
        fc.uint8Array({ maxLength: 6 }),
        fc.nat(6),
        (entry, at, inserted, removed) => {
          const body = encodeUtf8(JSON.stringify(entry));
          const place = at % body.length;
          const changed = Buffer.concat([body.subarray(0, place), inserted, body.subarray(place + removed)]);
          try {
            admitEntry(changed, LIMITS, buildEntryPolicy({}));
          } catch (error) {
            expect(error).toBeInstanceOf(TlogError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('law: what is admitted has one stored form, found again from that form', () => {
    for (const entry of entries) {
      const once = admit(entry).canonicalBody;
      expect(admit(structuredClone(entry)).canonicalBody).toEqual(once);
    }
  });
});

/** Replaces one of all the values inside, the envelope's text included. */
function replaceAt(root: JsonObject, place: number, value: JsonValue): void {
  const places: (() => void)[] = [];
  const walk = (parent: JsonObject | JsonValue[], key: string | number): void => {
    const child = (parent as JsonObject)[key as string] as JsonValue;
    places.push(() => ((parent as JsonObject)[key as string] = value));
    if (typeof child === 'object' && child !== null) {
      for (const inner of Object.keys(child)) walk(child as JsonObject, inner);
    }
  };
  for (const key of Object.keys(root)) walk(root, key);
  places[place % places.length]?.();
}
