import { bundleToJson, type Bundle } from '@sigstead/bundle';
import { digest, PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { cosigner } from '@sigstead/tlog';
import type { Artifact } from '../../evidence/signature-evidence.ts';
import { compilePolicy } from '../../policy.ts';
import { verifyBundle } from '../../verify-bundle.ts';
import type { SignatureVerdict } from '../../verify-signature.ts';
import { signArtifact, signStatement, statementAbout, type BundleOptions } from '../bundles.ts';
import { IDENTITY, ISSUER, NOW, SIGNED, type MiniSigstore } from '../mini-sigstore.ts';

const content = encodeUtf8('a release archive');
const artifact: Artifact = {
  algorithm: 'sha256',
  digest: sha256(content),
  further: [{ algorithm: 'sha512', digest: digest('sha512', content) }],
  content,
};
const statement = statementAbout(artifact.digest);

/** One signer, and what it has of one artifact: bundles that could be mistaken for one another if any could. */
export class Workshop {
  readonly sigstore: MiniSigstore;
  readonly #signer = PrivateKeySigner.generate('P-256');

  constructor(sigstore: MiniSigstore) {
    this.sigstore = sigstore;
  }

  /** The signer's, as a policy has it. */
  get publicKeyPem(): string {
    return this.#signer.publicKey.toPem();
  }

  async message(options: BundleOptions = {}): Promise<JsonObject> {
    return bundleToJson(await signArtifact(this.sigstore, content, { signer: this.#signer, ...options }));
  }

  async envelope(options: BundleOptions, keyid = ''): Promise<JsonObject> {
    const json = bundleToJson(
      await signStatement(this.sigstore, statement, { signer: this.#signer, ...options }),
    );
    return keyid === '' ? json : withKeyId(json, keyid);
  }

  /** The checkpoint of Rekor v2 with the line of a witness under the log's. */
  async witnessed(): Promise<JsonObject> {
    const bundle = await signArtifact(this.sigstore, content, { signer: this.#signer, log: 'rekor-v2' });
    const witness = cosigner('witness.test', PrivateKeySigner.generate('Ed25519'), () => SIGNED);
    const [entry] = bundle.verificationMaterial.tlogEntries;
    if (entry === undefined) throw new Error('no entry');
    const tlogEntries = [await this.sigstore.logV2.add(entry.canonicalizedBody, [witness])];
    return bundleToJson({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries } });
  }

  /** The form that versions before 0.3 have, with an intermediate certificate along. */
  chained(json: JsonObject, version: '0.1' | '0.2'): JsonObject {
    const { certificate, ...material } = json['verificationMaterial'] as JsonObject;
    const intermediate = { rawBytes: encodeBase64(this.sigstore.intermediate.raw) };
    return {
      ...json,
      mediaType: `application/vnd.dev.sigstore.bundle+json;version=${version}`,
      verificationMaterial: {
        x509CertificateChain: { certificates: [certificate as JsonValue, intermediate] },
        ...material,
      },
    };
  }

  /** A bundle of each of the {@link shapes}, and some by the same signer that are about something else. */
  async makeAll(): Promise<ReadonlyMap<string, JsonObject>> {
    const bundles = new Map<string, JsonObject>();
    for (const [name, make] of Object.entries(shapes)) bundles.set(name, await make(this));
    const other = encodeUtf8('another release archive');
    const signer = this.#signer;
    const strangers = [
      await signArtifact(this.sigstore, other, { signer, timestamped: true }),
      await signArtifact(this.sigstore, other, { signer, log: 'rekor-v2' }),
      await signStatement(this.sigstore, statementAbout(sha256(other)), { signer, timestamped: true }),
    ];
    strangers.forEach((bundle, at) => bundles.set(`stranger ${at}`, bundleToJson(bundle)));
    return bundles;
  }

  /** How a bundle of that form is judged, and whatever is passed off as it. */
  judgeOf(json: JsonObject): (bundle: Bundle) => SignatureVerdict {
    const isManaged = 'publicKey' in (json['verificationMaterial'] as JsonObject);
    const policy = compilePolicy(
      isManaged ? { key: this.publicKeyPem } : { identity: IDENTITY, issuer: ISSUER },
    );
    return (bundle) => verifyBundle(bundle, artifact, this.sigstore.trustedRoot, policy, NOW);
  }
}

/** A bundle of each form, by name. */
export const shapes: Readonly<Record<string, (workshop: Workshop) => Promise<JsonObject>>> = {
  '0.3, message, Rekor v1': (shop) => shop.message(),
  '0.3, message, Rekor v1 without promise, timestamp': async (shop) =>
    withoutPromise(await shop.message({ timestamped: true })),
  '0.3, message, Rekor v2, timestamp': (shop) => shop.message({ log: 'rekor-v2' }),
  '0.3, message, Rekor v2 with witness, timestamp': (shop) => shop.witnessed(),
  '0.3, message, managed key, Rekor v1': (shop) => shop.message({ managedKey: true }),
  '0.3, message, managed key, Rekor v2, timestamp': async (shop) =>
    withHint(await shop.message({ managedKey: true, log: 'rekor-v2' }), 'release'),
  '0.3, envelope, dsse 0.0.1': (shop) => shop.envelope({ kind: 'dsse 0.0.1' }, 'release'),
  '0.3, envelope, intoto 0.0.1': (shop) => shop.envelope({ kind: 'intoto 0.0.1' }),
  '0.3, envelope, intoto 0.0.2': (shop) => shop.envelope({ kind: 'intoto 0.0.2' }, 'release'),
  '0.3, envelope, Rekor v2, timestamp': (shop) => shop.envelope({ log: 'rekor-v2' }, 'release'),
  '0.2, message, Rekor v1, timestamp': async (shop) =>
    shop.chained(await shop.message({ timestamped: true }), '0.2'),
  '0.1, message, Rekor v1, promise alone': async (shop) =>
    withoutProof(shop.chained(await shop.message(), '0.1')),
  '0.1, envelope, dsse 0.0.1': async (shop) =>
    shop.chained(await shop.envelope({ kind: 'dsse 0.0.1' }), '0.1'),
};

function withHint(json: JsonObject, hint: string): JsonObject {
  return {
    ...json,
    verificationMaterial: { ...(json['verificationMaterial'] as JsonObject), publicKey: { hint } },
  };
}

function withoutPromise(json: JsonObject): JsonObject {
  return withEntry(json, ({ inclusionPromise: _, ...entry }) => entry);
}

function withoutProof(json: JsonObject): JsonObject {
  return withEntry(json, ({ inclusionProof: _, ...entry }) => entry);
}

function withEntry(json: JsonObject, edit: (entry: JsonObject) => JsonObject): JsonObject {
  const material = json['verificationMaterial'] as JsonObject;
  const entries = material['tlogEntries'] as JsonObject[];
  return { ...json, verificationMaterial: { ...material, tlogEntries: entries.map(edit) } };
}

function withKeyId(json: JsonObject, keyid: string): JsonObject {
  const envelope = json['dsseEnvelope'] as JsonObject;
  const [signature] = envelope['signatures'] as JsonObject[];
  return { ...json, dsseEnvelope: { ...envelope, signatures: [{ ...signature, keyid }] } };
}
