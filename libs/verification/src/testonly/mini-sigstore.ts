import type { TransparencyLogEntry } from '@sigstead/bundle';
import { PrivateKeySigner, sha256, type Signer } from '@sigstead/crypto';
import { encodeBase64, encodeHex, encodePem, encodeUtf8 } from '@sigstead/encoding';
import { canonicalHashedRekord, parseX509Verifier } from '@sigstead/tlog';
import type { TransparencyLogInstance, TrustedRoot } from '@sigstead/trust';
import {
  oids,
  type Certificate,
  type FulcioClaims,
  type GeneralName,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import { legacyAnnotations } from '../evidence/legacy-annotations.ts';
import type { SignatureEvidence, SigningKey } from '../evidence/signature-evidence.ts';
import { makeCa, makeLeaf, makeSct, serialNumber, type ExtensionEdit } from './certificates.ts';
import { MiniLog } from './mini-log.ts';
import { MiniLogV2 } from './mini-log-v2.ts';
import { MiniTimestampAuthority } from './mini-timestamp-authority.ts';

export const DAY = 24 * 3600 * 1000;
/** The certificate is valid for ten minutes from here. */
export const ISSUED = new Date('2026-03-01T12:00:00Z');
/** The log took the entry. */
export const SIGNED = new Date('2026-03-01T12:00:05Z');
/** The verifier looks at it. */
export const NOW = new Date('2026-06-01T00:00:00Z');

export const IDENTITY = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
export const ISSUER = 'https://token.actions.githubusercontent.com';
export const IMAGE_DIGEST = `sha256:${encodeHex(sha256(encodeUtf8('the image manifest')))}`;

const CLAIMS: FulcioClaims = {
  issuer: ISSUER,
  githubWorkflowTrigger: 'push',
  sourceRepositoryUri: 'https://github.com/acme/app',
  sourceRepositoryDigest: '7d2f6a0c0f0e4c1a9a2b3c4d5e6f708192a3b4c5',
  sourceRepositoryRef: 'refs/heads/main',
  buildConfigUri: IDENTITY,
  buildTrigger: 'push',
  runInvocationUri: 'https://github.com/acme/app/actions/runs/42/attempts/1',
};

/** What is unusual about one signature; everything else is as it should be. */
export interface SigningOptions {
  readonly identity?: GeneralName;
  readonly claims?: Partial<FulcioClaims>;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly integratedAt?: Date;
  readonly signer?: Signer;
  readonly payload?: Uint8Array;
  readonly editExtensions?: ExtensionEdit;
  readonly scts?: (tbs: Uint8Array) => Promise<SignedCertificateTimestamp[]>;
}

/** A certificate authority, a certificate transparency log, a log of each version of Rekor and a timestamp authority with real keys, and the
 * trusted root over them. */
export class MiniSigstore {
  readonly ctSigner = PrivateKeySigner.generate('P-256');
  readonly log = new MiniLog('log.sigstead.test');
  readonly logV2 = new MiniLogV2('log2026-1.sigstead.test');
  readonly timestampAuthority: MiniTimestampAuthority;
  readonly #intermediateSigner: Signer;
  readonly intermediate: Certificate;
  readonly root: Certificate;
  readonly trustedRoot: TrustedRoot;

  static async create(): Promise<MiniSigstore> {
    const validity = {
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2036-01-01T00:00:00Z'),
    };
    const rootSigner = PrivateKeySigner.generate('P-384');
    const root = await makeCa(
      {
        ...validity,
        subject: { organization: 'sigstead.test', commonName: 'root' },
        publicKey: rootSigner.publicKey,
      },
      rootSigner,
    );
    const signer = PrivateKeySigner.generate('P-384');
    const intermediate = await makeCa(
      {
        ...validity,
        subject: { organization: 'sigstead.test', commonName: 'intermediate' },
        publicKey: signer.publicKey,
        issuer: root,
        pathLength: 0,
        extendedKeyUsages: [oids.codeSigning],
      },
      rootSigner,
    );
    return new MiniSigstore(root, intermediate, signer, await MiniTimestampAuthority.create('tsa'));
  }

  private constructor(
    root: Certificate,
    intermediate: Certificate,
    intermediateSigner: Signer,
    timestampAuthority: MiniTimestampAuthority,
  ) {
    this.timestampAuthority = timestampAuthority;
    this.root = root;
    this.intermediate = intermediate;
    this.#intermediateSigner = intermediateSigner;
    this.trustedRoot = {
      tlogs: [
        instance(this.log.signer, 'https://log.sigstead.test:3000'),
        instance(this.logV2.signer, `https://${this.logV2.origin}`),
      ],
      ctlogs: [instance(this.ctSigner, 'https://ct.sigstead.test/2026')],
      certificateAuthorities: [
        {
          uri: 'https://ca.sigstead.test',
          subject: { organization: 'sigstead.test', commonName: 'root' },
          certificates: [intermediate, root],
          validFor: { start: new Date('2026-01-01T00:00:00Z') },
        },
      ],
      timestampAuthorities: [timestampAuthority.authority],
    };
  }

  /** DER of a signing certificate. */
  issue(publicKey: Signer['publicKey'], options: SigningOptions = {}): Promise<Uint8Array> {
    const notBefore = options.notBefore ?? ISSUED;
    return makeLeaf(
      {
        serialNumber: serialNumber(),
        issuer: this.intermediate,
        notBefore,
        notAfter: options.notAfter ?? new Date(notBefore.getTime() + 600_000),
        publicKey,
        subjectAlternativeName: options.identity ?? { type: 'uri', value: IDENTITY },
        claims: { ...CLAIMS, ...options.claims },
      },
      this.#intermediateSigner,
      options.scts ?? (async (tbs) => [await this.sct(tbs)]),
      options.editExtensions,
    );
  }

  sct(
    tbs: Uint8Array,
    at: Date = ISSUED,
    signer: Signer = this.ctSigner,
  ): Promise<SignedCertificateTimestamp> {
    return makeSct(signer, this.intermediate, tbs, at);
  }

  /** An image signature as a `.sig` layer would bring it, with promise and proof. */
  async signImage(options: SigningOptions = {}): Promise<SignatureEvidence> {
    const signer = options.signer ?? PrivateKeySigner.generate('P-256');
    const payload = options.payload ?? simpleSigning(IMAGE_DIGEST);
    const certificate = await this.issue(signer.publicKey, options);
    const signature = await signer.sign(payload);
    const logEntry = await this.logSignature(payload, signature, certificate, options.integratedAt ?? SIGNED);
    return {
      content: { kind: 'simple-signing', payload },
      signature,
      key: { kind: 'certificate', certificate },
      logEntries: [logEntry],
      timestamps: [],
    };
  }

  /** Logs a hashedrekord; like Rekor it asks nobody whether the certificate is any good. */
  logSignature(
    payload: Uint8Array,
    signature: Uint8Array,
    certificate: Uint8Array,
    at: Date = SIGNED,
  ): Promise<TransparencyLogEntry> {
    return this.log.add(hashedRekord(payload, signature, encodePem('CERTIFICATE', certificate)), at);
  }
}

/** Canonical body of a hashedrekord 0.0.1 over the payload's SHA-256. */
export function hashedRekord(payload: Uint8Array, signature: Uint8Array, pem: string): Uint8Array {
  return canonicalHashedRekord({
    hash: { algorithm: 'sha256', value: encodeHex(sha256(payload)) },
    signature,
    verifier: parseX509Verifier(pem),
  });
}

/** The document cosign signs. */
export function simpleSigning(digest: string, type = 'cosign container image signature'): Uint8Array {
  return encodeUtf8(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': 'registry.sigstead.test/acme/app' },
        image: { 'docker-manifest-digest': digest },
        type,
      },
      optional: null,
    }),
  );
}

/** The one log entry of evidence made here. */
export function entryOf({ logEntries }: SignatureEvidence): TransparencyLogEntry {
  return logEntries[0] as TransparencyLogEntry;
}

/** DER of the certificate of evidence made here. */
export function certificateOf({ key }: SignatureEvidence): Uint8Array {
  return (key as Extract<SigningKey, { kind: 'certificate' }>).certificate;
}

/** Annotations of the `.sig` layer that holds this evidence. */
export function annotationsOf(evidence: SignatureEvidence): Record<string, string> {
  const entry = entryOf(evidence);
  return {
    [legacyAnnotations.signature]: encodeBase64(evidence.signature),
    [legacyAnnotations.certificate]: encodePem('CERTIFICATE', certificateOf(evidence)),
    [legacyAnnotations.bundle]: JSON.stringify({
      SignedEntryTimestamp: encodeBase64(entry.inclusionPromise as Uint8Array),
      Payload: {
        body: encodeBase64(entry.canonicalizedBody),
        integratedTime: Number(entry.integratedTimeSeconds),
        logIndex: Number(entry.logIndex),
        logID: encodeHex(entry.logId),
      },
    }),
  };
}

function instance(signer: Signer, baseUrl: string): TransparencyLogInstance {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    logId: signer.publicKey.keyId,
    key: signer.publicKey,
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    validFor: { start: new Date('2026-01-01T00:00:00Z') },
  };
}
