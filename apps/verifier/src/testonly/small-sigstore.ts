import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { BUNDLE_MEDIA_TYPE, serializeBundle } from '@sigstead/bundle';
import { decodeBase64, encodeBase64, encodeHex, encodePem, encodeUtf8 } from '@sigstead/encoding';
import type { LegacySignature } from '@sigstead/oci';
import {
  canonicalHashedRekord,
  parseProposedEntry,
  parseX509Verifier,
  preAuthEncoding,
  rekorEntryId,
  rekorOrigin,
  signCheckpoint,
  signSignedEntryTimestamp,
} from '@sigstead/tlog';
import { serializeTrustedRoot } from '@sigstead/trust';
import {
  Certificate,
  encodeCaCertificate,
  encodeLeafTbs,
  POISON_EXTENSION,
  precertificateTbs,
  SCT_HASH_SHA256,
  SCT_SIGNATURE_ECDSA,
  sctListExtension,
  sctSignatureInput,
  signTbs,
} from '@sigstead/x509';
import type { Handler } from './web-server.ts';

export const IDENTITY = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
export const ISSUER = 'https://token.actions.githubusercontent.com';
export const SIGNED = new Date('2026-03-01T12:00:05Z');
export const NOW = new Date('2026-03-01T12:01:00Z');

const ISSUED = new Date('2026-03-01T12:00:00Z');
const START = new Date('2026-01-01T00:00:00Z');
const HOST = 'log.sigstead.test';

/** One CA, one CT log and a Rekor v1 log whose every entry is the only leaf of a tree of its own. All keys are real. */
export class SmallSigstore {
  readonly #ca = PrivateKeySigner.generate('P-256');
  readonly #ct = PrivateKeySigner.generate('P-256');
  readonly #log = PrivateKeySigner.generate('P-256');
  #root: Certificate | undefined;
  /** JSON of what the log answers, by log index. */
  readonly entries = new Map<string, Record<string, Record<string, unknown>>>();

  async trustedRoot(): Promise<string> {
    const log = (signer: PrivateKeySigner, baseUrl: string) => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      logId: signer.publicKey.keyId,
      key: signer.publicKey,
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: START },
    });
    const authority = {
      uri: 'https://ca.sigstead.test',
      subject: { organization: 'sigstead.test', commonName: 'root' },
      certificates: [await this.#rootCertificate()],
      validFor: { start: START },
    };
    return serializeTrustedRoot({
      tlogs: [log(this.#log, `https://${HOST}`)],
      ctlogs: [log(this.#ct, 'https://ct.sigstead.test')],
      certificateAuthorities: [authority],
      timestampAuthorities: [],
    });
  }

  /** A `.sig` layer for an image; its log entry is then served by {@link logHandler}. */
  async sign(imageDigest: string, identity = IDENTITY): Promise<LegacySignature> {
    const signer = PrivateKeySigner.generate('P-256');
    const payload = encodeUtf8(
      JSON.stringify({
        critical: {
          identity: { 'docker-reference': 'registry.sigstead.test/acme/app' },
          image: { 'docker-manifest-digest': imageDigest },
          type: 'cosign container image signature',
        },
        optional: null,
      }),
    );
    const pem = encodePem('CERTIFICATE', await this.#issue(signer, identity));
    const signature = await signer.sign(payload);
    return {
      payload,
      annotations: {
        'dev.cosignproject.cosign/signature': encodeBase64(signature),
        'dev.sigstore.cosign/certificate': pem,
        'dev.sigstore.cosign/bundle': JSON.stringify(
          promiseOf(await this.#logSignature(payload, signature, pem)),
        ),
      },
    };
  }

  /** Bundle v0.3 of a signature over a blob, with promise and proof. @returns its JSON */
  async signBlob(blob: Uint8Array, identity = IDENTITY): Promise<string> {
    const signer = PrivateKeySigner.generate('P-256');
    const certificate = await this.#issue(signer, identity);
    const signature = await signer.sign(blob);
    const logged = await this.#logSignature(blob, signature, encodePem('CERTIFICATE', certificate));
    const { body, integratedTime, logIndex } = logged.Payload;
    const canonicalizedBody = decodeBase64(body);
    const rootHash = sha256(Uint8Array.of(0), canonicalizedBody);
    return serializeBundle({
      mediaType: BUNDLE_MEDIA_TYPE,
      version: '0.3',
      verificationMaterial: {
        key: { kind: 'certificate', certificates: [certificate] },
        tlogEntries: [
          {
            logIndex: BigInt(logIndex),
            logId: this.#log.publicKey.keyId,
            kind: 'hashedrekord',
            kindVersion: '0.0.1',
            integratedTimeSeconds: BigInt(integratedTime),
            inclusionPromise: decodeBase64(logged.SignedEntryTimestamp),
            inclusionProof: {
              logIndex: 0n,
              rootHash,
              treeSize: 1n,
              hashes: [],
              checkpoint: logged.checkpoint,
            },
            canonicalizedBody,
          },
        ],
        rfc3161Timestamps: [],
      },
      content: { kind: 'messageSignature', digestAlgorithm: 'sha256', digest: sha256(blob), signature },
    });
  }

  /** An `.att` layer that says something about an image. */
  async attest(
    imageDigest: string,
    predicateType: string,
    predicate: object,
    identity = IDENTITY,
  ): Promise<LegacySignature> {
    const signer = PrivateKeySigner.generate('P-256');
    const [algorithm = '', hex = ''] = imageDigest.split(':');
    const statement = encodeUtf8(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v0.1',
        subject: [{ name: 'registry.sigstead.test/acme/app', digest: { [algorithm]: hex } }],
        predicateType,
        predicate,
      }),
    );
    const payloadType = 'application/vnd.in-toto+json';
    const signature = await signer.sign(preAuthEncoding(payloadType, statement));
    const pem = encodePem('CERTIFICATE', await this.#issue(signer, identity));
    const envelope = JSON.stringify({
      payloadType,
      payload: encodeBase64(statement),
      signatures: [{ keyid: '', sig: encodeBase64(signature) }],
    });
    const proposed = {
      kind: 'dsse',
      apiVersion: '0.0.1',
      spec: { proposedContent: { envelope, verifiers: [encodeBase64(encodeUtf8(pem))] } },
    };
    const { entry } = parseProposedEntry(encodeUtf8(JSON.stringify(proposed)), { maxBytes: 1 << 20 });
    return {
      payload: encodeUtf8(envelope),
      annotations: {
        'dev.cosignproject.cosign/signature': '',
        'dev.sigstore.cosign/certificate': pem,
        'dev.sigstore.cosign/bundle': JSON.stringify(promiseOf(await this.#logBody(entry.canonicalBody()))),
        predicateType,
      },
    };
  }

  readonly logHandler: Handler = (request, response) => {
    const index = /^\/api\/v1\/log\/entries\?logIndex=([0-9]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const entry = this.entries.get(index);
    response.writeHead(entry === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(entry ?? { code: 404, message: 'not found' }));
  };

  async #logSignature(payload: Uint8Array, signature: Uint8Array, pem: string): Promise<LoggedSignature> {
    const body = canonicalHashedRekord({
      hash: { algorithm: 'sha256', value: encodeHex(sha256(payload)) },
      signature,
      verifier: parseX509Verifier(pem),
    });
    return this.#logBody(body);
  }

  /** Takes an entry and promises it. */
  async #logBody(body: Uint8Array): Promise<LoggedSignature> {
    const leafHash = sha256(Uint8Array.of(0), body);
    const logIndex = this.entries.size;
    const treeId = BigInt(logIndex + 1);
    const logId = encodeHex(this.#log.publicKey.keyId);
    const integratedTime = SIGNED.getTime() / 1000;
    const set = await signSignedEntryTimestamp(
      { body: encodeBase64(body), integratedTime, logId, logIndex },
      this.#log,
    );
    const checkpoint = await signCheckpoint(
      { origin: rekorOrigin(HOST, treeId), size: 1n, rootHash: leafHash, extensions: [] },
      HOST,
      this.#log,
    );
    const proof = { checkpoint, hashes: [], logIndex: 0, rootHash: encodeHex(leafHash), treeSize: 1 };
    const entry = { body: encodeBase64(body), integratedTime, logIndex, logID: logId };
    this.entries.set(String(logIndex), {
      [rekorEntryId(treeId, leafHash)]: { ...entry, verification: { inclusionProof: proof } },
    });
    return { SignedEntryTimestamp: encodeBase64(set), Payload: entry, checkpoint };
  }

  async #issue(signer: PrivateKeySigner, identity: string): Promise<Uint8Array> {
    const issuer = await this.#rootCertificate();
    const profile = {
      serialNumber: Uint8Array.of(0x41, 0x02),
      issuer,
      notBefore: ISSUED,
      notAfter: new Date(ISSUED.getTime() + 600_000),
      publicKey: signer.publicKey,
      subjectAlternativeName: { type: 'uri', value: identity },
      claims: { issuer: ISSUER, sourceRepositoryUri: 'https://github.com/acme/app', buildTrigger: 'push' },
    } as const;
    const precertificate = Certificate.parse(
      await signTbs(encodeLeafTbs(profile, POISON_EXTENSION), this.#ca),
    );
    const timestampMs = BigInt(ISSUED.getTime());
    const extensions = new Uint8Array();
    const tbs = precertificateTbs(precertificate);
    const input = sctSignatureInput({ timestampMs, issuerKeyHash: issuer.spkiHash, tbs, extensions });
    const sct = {
      version: 0,
      logId: this.#ct.publicKey.keyId,
      timestampMs,
      extensions,
      hashAlgorithm: SCT_HASH_SHA256,
      signatureAlgorithm: SCT_SIGNATURE_ECDSA,
      signature: await this.#ct.sign(input),
    } as const;
    return signTbs(encodeLeafTbs(profile, sctListExtension([sct])), this.#ca);
  }

  async #rootCertificate(): Promise<Certificate> {
    const profile = {
      serialNumber: Uint8Array.of(0x41, 0x01),
      subject: { organization: 'sigstead.test', commonName: 'root' },
      publicKey: this.#ca.publicKey,
      notBefore: START,
      notAfter: new Date('2036-01-01T00:00:00Z'),
    };
    this.#root ??= Certificate.parse(await signTbs(encodeCaCertificate(profile), this.#ca));
    return this.#root;
  }
}

interface LoggedSignature {
  readonly SignedEntryTimestamp: string;
  readonly Payload: {
    readonly body: string;
    readonly integratedTime: number;
    readonly logIndex: number;
    readonly logID: string;
  };
  readonly checkpoint: string;
}

/** The annotation of cosign, which knows of no checkpoint. */
function promiseOf({ SignedEntryTimestamp, Payload }: LoggedSignature): object {
  return { SignedEntryTimestamp, Payload };
}
