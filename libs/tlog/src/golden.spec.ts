import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decodeBase64, decodeUtf8, encodePem, type JsonObject } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { rekorEntryId } from './entry-id.ts';
import { parseCanonicalBody, readProposedEntry } from './proposed-entry.ts';
import { base64Of, dsseSpec } from './testonly/envelopes.ts';
import { hasVectors, readCase, vectors, type TlogEntryJson } from './testonly/vectors.ts';

const rekorVectors = resolve(vectors, 'rekor-v1');
const hasRekorVectors = existsSync(rekorVectors);
const PUBLIC_TREE = 2605736670972794746n;

interface Bundle {
  readonly verificationMaterial: {
    readonly tlogEntries: readonly TlogEntryJson[];
    readonly certificate?: { readonly rawBytes: string };
  };
  readonly dsseEnvelope: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
}

function readBundle(path: string): { bundle: Bundle; entry: TlogEntryJson; body: Uint8Array } {
  const bundle = JSON.parse(readFileSync(path, 'utf8')) as Bundle;
  const entry = bundle.verificationMaterial.tlogEntries[0] as TlogEntryJson;
  return { bundle, entry, body: decodeBase64(entry.canonicalizedBody) };
}

/** The body that the log would store of what is proposed. */
function store(kind: string, apiVersion: string, spec: JsonObject): Uint8Array {
  const { entry } = readProposedEntry({ kind, apiVersion, spec });
  entry.verify();
  entry.assertInsertable();
  return entry.canonicalBody();
}

function restore(body: Uint8Array): Uint8Array {
  const { kind, apiVersion, spec } = parseCanonicalBody(body);
  const { entry } = readProposedEntry({ kind, apiVersion, spec });
  entry.verify();
  return entry.canonicalBody();
}

(hasRekorVectors ? describe : describe.skip)('entries of the public log (SIGSTEAD_VECTORS, rekor-v1)', () => {
  it('hashedrekord 0.0.1: same body, same entry ID', () => {
    const { entry, body } = readBundle(resolve(rekorVectors, 'hashedrekord-0.0.1.sigstore.json'));
    expect([entry.logIndex, entry.inclusionProof?.logIndex]).toEqual(['79605083', '75441652']);
    const { spec } = parseCanonicalBody(body);
    expect(store('hashedrekord', '0.0.1', spec as JsonObject)).toEqual(body);
    expect(rekorEntryId(PUBLIC_TREE, hashLeaf(body))).toBe(
      '24296fb24b8ad77a268fea7b149eff7a08fea532ca55b49fabdd1c3b9e64eb090e5585493c9b9abb',
    );
  });

  it('intoto 0.0.2: same body from what the client sent, same entry ID', () => {
    const { bundle, entry, body } = readBundle(
      resolve(rekorVectors, 'intoto-0.0.2-provenance.sigstore.json'),
    );
    expect([entry.logIndex, entry.inclusionProof?.logIndex]).toEqual(['31821305', '27657874']);
    expect(store('intoto', '0.0.2', proposedV002(bundle, body))).toEqual(body);
    expect(restore(body)).toEqual(body);
    expect(rekorEntryId(PUBLIC_TREE, hashLeaf(body))).toBe(
      '24296fb24b8ad77a83c4d5305de1248c4bc0f14c9fa50b20120bb04579f13a29151c2494d1d220cb',
    );
  });
});

(hasVectors ? describe : describe.skip)('entries of the public log (SIGSTEAD_VECTORS, conformance)', () => {
  it('dsse 0.0.1: same body from what the client sent', () => {
    const path = resolve(
      vectors,
      'sigstore-conformance/bundle-verify/happy-path-intoto-in-dsse-v3/bundle.sigstore.json',
    );
    const { bundle, body } = readBundle(path);
    const raw = bundle.verificationMaterial.certificate?.rawBytes ?? '';
    const pem = encodePem('CERTIFICATE', decodeBase64(raw));
    expect(store('dsse', '0.0.1', dsseSpec(JSON.stringify(bundle.dsseEnvelope), [pem]))).toEqual(body);
    expect(restore(body)).toEqual(body);
  });

  it('every accepted case: the stored form stands for itself', () => {
    const cases = ['happy-path-v0.3', 'happy-path-intoto-in-dsse-v3'];
    for (const name of cases) {
      for (const entry of readCase(name).entries) {
        const body = decodeBase64(entry.canonicalizedBody);
        expect(decodeUtf8(restore(body))).toBe(decodeUtf8(body));
      }
    }
  });
});

/** What sigstore-js sends: the fields of the bundle's envelope, with keys and the envelope's digest as the log kept them. */
function proposedV002({ dsseEnvelope }: Bundle, body: Uint8Array): JsonObject {
  const { content } = parseCanonicalBody(body).spec as unknown as {
    content: { envelope: { signatures: { publicKey: string }[] }; hash: JsonObject };
  };
  return {
    content: {
      envelope: {
        payloadType: dsseEnvelope.payloadType,
        payload: base64Of(dsseEnvelope.payload),
        signatures: dsseEnvelope.signatures.map(({ sig }, i) => ({
          sig: base64Of(sig),
          publicKey: content.envelope.signatures[i]?.publicKey as string,
        })),
      },
      hash: content.hash,
    },
  };
}
