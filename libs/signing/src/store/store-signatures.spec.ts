import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import {
  OCI_MANIFEST,
  parseImageReference,
  readBundleReferrers,
  readLegacyAttestations,
  readLegacySignatures,
  RegistryClient,
} from '@sigstead/oci';
import { startMemoryRegistry, type MemoryRegistry } from '@sigstead/oci/testonly/memory-registry';
import { withCertifiedKey } from '../certified-key.ts';
import { makeSignature } from '../make-signature.ts';
import { signImageDigest, type SignatureForm } from '../sign-image.ts';
import { managedKey, type SigningKey } from '../signing-key.ts';
import { makeStatement } from '../statement/make-statement.ts';
import { parseStatement } from '../statement/statement.ts';
import { failure, servicesOf } from '../testonly/services.ts';
import { makeToken, NOW, SmallSigstore } from '../testonly/small-sigstore.ts';
import { describeSignatures } from './describe-signatures.ts';
import { madeOfImage, type MadeSignatures, type Place } from './made-signature.ts';
import { assertStorable, storeAttestation, storeImageSignatures } from './store-signatures.ts';

let sigstore: SmallSigstore;
let memory: MemoryRegistry;
let registry: RegistryClient;
let place: Place;

beforeEach(async () => {
  sigstore = await SmallSigstore.start();
  memory = await startMemoryRegistry();
  registry = new RegistryClient({ fetch, timeoutMs: 10_000 });
  const image = parseImageReference(`${memory.host}/acme/app`);
  const bytes = encodeUtf8('{"schemaVersion":2}');
  const digest = await registry.pushManifest(image, 'v1', OCI_MANIFEST, bytes);
  place = { image, manifest: { digest, mediaType: OCI_MANIFEST, size: bytes.length } };
});
afterEach(() => Promise.all([sigstore.stop(), memory.close()]));

const withKey = <T>(use: (key: SigningKey) => Promise<T>): Promise<T> =>
  withCertifiedKey(servicesOf(fetch, sigstore), makeToken(), use);

const storeImage = (form: SignatureForm): Promise<MadeSignatures> =>
  withKey(async (key) => {
    const wanted = { image: place.image, digest: place.manifest.digest, form };
    const signatures = await signImageDigest(servicesOf(fetch, sigstore), key, wanted);
    return storeImageSignatures(registry, place, signatures, NOW);
  });

const attest = (form: SignatureForm, predicate: string, replace = false): Promise<MadeSignatures> =>
  withKey(async (key) => {
    const subject = { digest: { sha256: place.manifest.digest.slice(7) } };
    const statement = makeStatement({ type: 'custom', predicate, subjects: [subject], now: NOW });
    const signature = await makeSignature(servicesOf(fetch, sigstore), key, { kind: 'statement', statement });
    const { predicateType } = statement;
    return storeAttestation(registry, place, signature, { form, predicateType, replace }, NOW);
  });

const stored = async (): Promise<number[]> => {
  const { image, manifest } = place;
  const lists = await Promise.all([
    readLegacySignatures(registry, image, manifest.digest),
    readLegacyAttestations(registry, image, manifest.digest),
    readBundleReferrers(registry, image, manifest.digest),
  ]);
  return lists.map(({ length }) => length);
};

describe('storeImageSignatures', () => {
  it.each<[SignatureForm, string[], number[]]>([
    ['both', ['sig', 'bundle'], [1, 0, 1]],
    ['legacy', ['sig'], [1, 0, 0]],
    ['bundle', ['bundle'], [0, 0, 1]],
  ])('stores form %s', async (form, forms, counts) => {
    const made = await storeImage(form);
    expect(made.map((one) => one.form)).toEqual(forms);
    expect(await stored()).toEqual(counts);
  });

  it('keeps signatures and attestations in another repository where told to', async () => {
    const { image, manifest } = place;
    const other = await startMemoryRegistry();
    const repository = parseImageReference(`${other.host}/all/signatures`);
    place = { image, manifest, repository };
    await storeImage('both');
    await attest('both', '{"built":1}');
    await attest('both', '{"built":2}', true);
    expect(await stored()).toEqual([0, 0, 0]);
    place = { image: repository, manifest };
    expect(await stored()).toEqual([1, 1, 2]);
    await other.close();
  });

  it('fails in step push when the registry takes nothing, and nothing is visible', async () => {
    memory.intercept = (request, response) => {
      if (request.method !== 'PUT' && request.method !== 'POST') return false;
      response.writeHead(403).end();
      return true;
    };
    await failure(storeImage('both'), 'push', 'CALL_FAILED');
    memory.intercept = () => undefined;
    expect(await stored()).toEqual([0, 0, 0]);
  });
});

describe('storeAttestation', () => {
  it.each<[SignatureForm, string, number[]]>([
    ['both', 'bundle', [0, 1, 1]],
    ['legacy', 'att', [0, 1, 0]],
    ['bundle', 'bundle', [0, 0, 1]],
  ])('stores form %s as one signature', async (form, as, counts) => {
    const made = await attest(form, 'it was built here');
    expect(made.map((one) => one.form)).toEqual([as]);
    expect(await stored()).toEqual(counts);
  });

  it('adds to what is there, or takes its place', async () => {
    await storeImage('bundle');
    await attest('both', 'first');
    await attest('both', 'second');
    expect(await stored()).toEqual([0, 2, 3]);
    await attest('both', 'third', true);
    // The signature is of another type, and stays.
    expect(await stored()).toEqual([0, 1, 2]);
  });

  it('is stored when what it replaces cannot be removed, and says so', async () => {
    await attest('bundle', 'first');
    memory.intercept = (request, response) => {
      if (request.method !== 'DELETE') return false;
      response.writeHead(405).end();
      return true;
    };
    const error = await failure(attest('bundle', 'second', true), 'push', 'CALL_FAILED');
    expect(error.message).toMatch(/^the attestation is stored, but what it replaces/);
  });
});

describe('assertStorable', () => {
  const statement = (length: number) => {
    const digest = { sha256: '12'.repeat(32) };
    const type = { _type: 'https://in-toto.io/Statement/v1', predicateType: 'https://sigstead.test/x' };
    return parseStatement(
      encodeUtf8(JSON.stringify({ ...type, subject: [{ digest }], predicate: { text: 'x'.repeat(length) } })),
    );
  };

  it('refuses what makes a bundle larger than registries and verifiers take', async () => {
    assertStorable(statement(2_900_000));
    await failure((async () => assertStorable(statement(3_100_000)))(), 'input', 'STATEMENT');
  });
});

describe('describeSignatures', () => {
  it('has the proofs of both forms, each with its own bundle', async () => {
    const [sig, referring] = await storeImage('both');
    const described = describeSignatures([sig, ...(referring ? [referring] : [])]);
    expect(described).toMatchObject({
      certificate: { issuer: expect.any(String), pem: expect.stringContaining('BEGIN CERTIFICATE') },
      logIndex: Number(sig.signature.logged[0].entry.logIndex),
      signatureManifest: { tag: place.manifest.digest.replace(':', '-') + '.sig' },
      bundle: { messageSignature: {} },
      referrer: { listedBy: 'tag', bundle: { dsseEnvelope: {} } },
    });
  });

  it('names a managed key', async () => {
    const services = servicesOf(fetch, sigstore);
    const key = managedKey(PrivateKeySigner.generate('P-256'));
    const wanted = { image: place.image, digest: place.manifest.digest, form: 'bundle' } as const;
    const described = describeSignatures(madeOfImage(await signImageDigest(services, key, wanted)));
    expect(described).toMatchObject({ publicKey: { hint: key.hint, pem: key.signer.publicKey.toPem() } });
    expect(described).not.toHaveProperty('referrer');
  });
});
