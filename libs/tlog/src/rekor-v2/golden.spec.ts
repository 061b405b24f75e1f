import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decodeBase64, decodeUtf8, encodeUtf8, type JsonObject } from '@sigstead/encoding';
import { hashLeaf, verifyInclusion } from '@sigstead/merkle';
import { buildEntryPolicy } from '../entry-policy-settings.ts';
import { hasVectors, vectors, type TlogEntryJson } from '../testonly/vectors.ts';
import { admitRekorV2Entry } from './admit-rekor-v2-entry.ts';
import { transparencyLogEntryJson } from './transparency-log-entry.ts';

interface Bundle {
  readonly verificationMaterial: {
    readonly tlogEntries: readonly TlogEntryJson[];
    readonly certificate: { readonly rawBytes: string };
  };
  readonly messageSignature?: {
    readonly messageDigest: { readonly digest: string };
    readonly signature: string;
  };
  readonly dsseEnvelope?: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
}

/** Bundles of the public and staging Rekor v2 logs, whose entries run other people's code. */
const cases = resolve(vectors, 'sigstore-conformance/bundle-verify');
const accepted = hasVectors
  ? readdirSync(cases).filter((name) => name.startsWith('rekor2-') && !name.endsWith('_fail'))
  : [];

function readBundle(name: string): { bundle: Bundle; entry: TlogEntryJson } {
  const bundle = JSON.parse(readFileSync(resolve(cases, name, 'bundle.sigstore.json'), 'utf8')) as Bundle;
  return { bundle, entry: bundle.verificationMaterial.tlogEntries[0] as TlogEntryJson };
}

/** What the client sent, from what it then put into the bundle. */
function requestOf({ verificationMaterial, messageSignature, dsseEnvelope }: Bundle): JsonObject {
  const verifier = {
    x509Certificate: { ...verificationMaterial.certificate },
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
  };
  if (messageSignature !== undefined) {
    const { messageDigest, signature } = messageSignature;
    return {
      hashedRekordRequestV002: { digest: messageDigest.digest, signature: { content: signature, verifier } },
    };
  }
  const { payload = '', payloadType = '', signatures = [] } = dsseEnvelope ?? {};
  const sigs = signatures.map(({ sig }) => ({ sig }));
  return {
    dsseRequestV002: { envelope: { payload, payloadType, signatures: sigs }, verifiers: [verifier] },
  };
}

function admit(bundle: Bundle): Uint8Array {
  const body = encodeUtf8(JSON.stringify(requestOf(bundle)));
  return admitRekorV2Entry(body, { maxBytes: 1 << 22 }, buildEntryPolicy({})).canonicalBody;
}

(hasVectors ? describe : describe.skip)('entries of other Rekor v2 logs (needs SIGSTEAD_VECTORS)', () => {
  it('holds entries to check', () => {
    expect(accepted.length).toBeGreaterThanOrEqual(9);
    expect(accepted).toContain('rekor2-happy-path');
    expect(accepted).toContain('rekor2-dsse-happy-path');
  });

  it.each(accepted)('rebuilds the stored body of %s from what the bundle holds', (name) => {
    const { bundle, entry } = readBundle(name);
    expect(decodeUtf8(admit(bundle))).toBe(decodeUtf8(decodeBase64(entry.canonicalizedBody)));
  });

  it.each(accepted)('proves the rebuilt body of %s', (name) => {
    const { bundle, entry } = readBundle(name);
    const proof = entry.inclusionProof;
    if (proof === undefined) throw new Error('no proof');
    verifyInclusion(
      BigInt(proof.logIndex),
      BigInt(proof.treeSize),
      hashLeaf(admit(bundle)),
      proof.hashes.map(decodeBase64),
      decodeBase64(proof.rootHash),
    );
  });

  it.each(accepted)('renders the entry of %s as that log did', (name) => {
    const { bundle, entry } = readBundle(name);
    const proof = entry.inclusionProof;
    if (proof === undefined) throw new Error('no proof');
    const rendered = transparencyLogEntryJson({
      index: BigInt(entry.logIndex),
      canonicalBody: admit(bundle),
      head: { size: BigInt(proof.treeSize), root: decodeBase64(proof.rootHash) },
      inclusionProof: proof.hashes.map(decodeBase64),
      checkpoint: proof.checkpoint.envelope,
      logId: decodeBase64(entry.logId.keyId),
    });
    // Bundles leave out what is empty; answers of the log have every field.
    expect(rendered).toEqual({ ...entry, integratedTime: '0', inclusionPromise: null });
  });
});
