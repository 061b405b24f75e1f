import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrivateKeySigner, PublicKey, verifyMessage, type Signer } from '@sigstead/crypto';
import { decodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { TlogError } from '@sigstead/tlog';
import type { SigningConfig, TrustedRoot } from '@sigstead/trust';
import {
  Certificate,
  encodeCaCertificate,
  encodeLeafTbs,
  oids,
  POISON_EXTENSION,
  precertificateTbs,
  SCT_HASH_SHA256,
  SCT_SIGNATURE_ECDSA,
  sctListExtension,
  sctSignatureInput,
  signTbs,
  type LeafProfile,
  type SignedCertificateTimestamp,
} from '@sigstead/x509';
import { logInstance, SmallRekorV1, SmallRekorV2 } from './small-logs.ts';
import { SmallTimestampAuthority } from './small-timestamp-authority.ts';

export const NOW = new Date('2026-03-01T12:00:00Z');
const START = new Date('2026-01-01T00:00:00Z');
const END = new Date('2036-01-01T00:00:00Z');

export const CLAIMS = {
  iss: 'https://issuer.sigstead.test',
  sub: 'repo:acme/app:ref:refs/heads/main',
  job_workflow_ref: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
};

/** A token as issuers make them, with a signature that only {@link SmallSigstore} takes. */
export function makeToken(claims: object = CLAIMS): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}

type Json = Record<string, never>;

/** Where a test makes the services misbehave. */
export interface Faults {
  /** Changes the certificate before it is signed. */
  profile: (profile: LeafProfile) => LeafProfile;
  sctSigner: Signer;
  caSigner: Signer;
  /** Changes or replaces the whole answer. */
  caAnswer: (answer: object) => object;
  logAnswer: (answer: { uuid: string; entry: Json }) => object;
  v2Answer: (answer: Json) => object;
  /** Answers in the place of the one that is trusted. */
  timestampAuthority: SmallTimestampAuthority;
  timestamp: (answer: Uint8Array) => Uint8Array;
  genTime: Date;
  /** Waited for before an answer is made. */
  before: (path: string) => Promise<void>;
  /** Takes over before anything else. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * A certificate authority with CT log, Rekor v1 and v2 logs and a timestamp authority on one port, with real keys, and the trusted
 * root over them.
 */
export class SmallSigstore {
  readonly seen: string[] = [];
  faults: Partial<Faults> = {};
  baseUrl = '';
  /** Moves for those who test long batches. */
  now = NOW;
  readonly ctSigner: Signer = PrivateKeySigner.generate('P-256');
  readonly rekorV1 = new SmallRekorV1();
  readonly rekorV2 = new SmallRekorV2();
  readonly #server: Server;

  private constructor(
    readonly issuer: Certificate,
    readonly root: Certificate,
    readonly caSigner: Signer,
    readonly timestampAuthority: SmallTimestampAuthority,
  ) {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<SmallSigstore> {
    const [rootSigner, caSigner] = [PrivateKeySigner.generate('P-256'), PrivateKeySigner.generate('P-256')];
    const base = { notBefore: START, notAfter: END, serialNumber: Uint8Array.of(7) };
    const root = Certificate.parse(
      await signTbs(
        encodeCaCertificate({ ...base, subject: named('root'), publicKey: rootSigner.publicKey }),
        rootSigner,
      ),
    );
    const issuing = encodeCaCertificate({
      ...base,
      subject: named('intermediate'),
      publicKey: caSigner.publicKey,
      issuer: root,
      pathLength: 0,
      extendedKeyUsages: [oids.codeSigning],
    });
    const issuer = Certificate.parse(await signTbs(issuing, rootSigner));
    const sigstore = new SmallSigstore(issuer, root, caSigner, await SmallTimestampAuthority.create());
    await new Promise<void>((resolve) => sigstore.#server.listen(0, '127.0.0.1', resolve));
    sigstore.baseUrl = `http://127.0.0.1:${(sigstore.#server.address() as AddressInfo).port}`;
    return sigstore;
  }

  get trustedRoot(): TrustedRoot {
    return {
      tlogs: [this.rekorV1.instance, this.rekorV2.instance],
      ctlogs: [logInstance(this.ctSigner, 'http://127.0.0.1/ct')],
      certificateAuthorities: [
        {
          uri: 'http://127.0.0.1',
          subject: named('root'),
          certificates: [this.issuer, this.root],
          validFor: { start: START },
        },
      ],
      timestampAuthorities: [this.timestampAuthority.instance],
    };
  }

  /** Where to sign: with or without the timestamp authority. */
  signingConfig(rekorVersion: 1 | 2, timestamped = rekorVersion === 2): SigningConfig {
    const service = (url: string, majorApiVersion = 1) => ({
      url,
      majorApiVersion,
      validFor: { start: START },
      operator: 'sigstead.test',
    });
    return {
      caUrls: [service(this.baseUrl)],
      oidcUrls: [],
      rekorTlogUrls: [service(this.baseUrl, rekorVersion)],
      rekorTlogConfig: { selector: 'ANY' },
      tsaUrls: timestamped ? [service(`${this.baseUrl}/api/v1/timestamp`)] : [],
      ...(timestamped && { tsaConfig: { selector: 'ANY' } }),
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.seen.push(path);
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    if (this.faults.intercept?.(request, response) === true) return;
    await this.faults.before?.(path);
    const [status, answer] = await this.#answer(
      path,
      request.headers.authorization ?? '',
      Buffer.concat(chunks),
    );
    const bytes = answer instanceof Uint8Array ? answer : JSON.stringify(answer);
    response.writeHead(status, { 'content-type': 'application/json' }).end(bytes);
  }

  async #answer(path: string, authorization: string, body: Buffer): Promise<[number, object]> {
    try {
      switch (path) {
        case '/api/v2/signingCert':
          return await this.#certify(authorization.replace('Bearer ', ''), String(body));
        case '/api/v1/timestamp': {
          const authority = this.faults.timestampAuthority ?? this.timestampAuthority;
          const stamped = await authority.answer(body, this.faults.genTime ?? this.now);
          return [200, this.faults.timestamp?.(stamped) ?? stamped];
        }
        case '/api/v2/log/entries': {
          const entry = await this.rekorV2.create(String(body));
          return [201, this.faults.v2Answer?.(entry as Json) ?? entry];
        }
        default: {
          const { uuid, entry } = await this.rekorV1.create(String(body), this.now);
          return [201, this.faults.logAnswer?.({ uuid, entry: entry as Json }) ?? { [uuid]: entry }];
        }
      }
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      return [400, { code: 400, message: error.message }];
    }
  }

  async #certify(token: string, body: string): Promise<[number, object]> {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      string
    >;
    if (claims['iss'] !== CLAIMS.iss)
      return [400, { code: 3, message: 'There was an error processing the identity token', details: [] }];
    const { publicKeyRequest } = JSON.parse(body) as {
      publicKeyRequest: { publicKey: { content: string }; proofOfPossession: string };
    };
    const publicKey = PublicKey.fromPem(publicKeyRequest.publicKey.content);
    const subject = encodeUtf8(claims['email'] ?? claims['sub'] ?? '');
    if (!verifyMessage(publicKey, 'sha256', subject, decodeBase64(publicKeyRequest.proofOfPossession))) {
      return [
        400,
        { code: 3, message: 'The signature supplied in the request could not be verified', details: [] },
      ];
    }
    const { email } = claims;
    const leaf = await this.#issue({
      serialNumber: Uint8Array.of(1, 2, 3),
      issuer: this.issuer,
      notBefore: this.now,
      notAfter: new Date(this.now.getTime() + 600_000),
      publicKey,
      subjectAlternativeName:
        email === undefined
          ? { type: 'uri', value: claims['job_workflow_ref'] ?? '' }
          : { type: 'email', value: email },
      claims: { issuer: CLAIMS.iss },
    });
    const certificates = [leaf, this.issuer].map((certificate) => certificate.toPem().trim());
    const answer = { signedCertificateEmbeddedSct: { chain: { certificates } } };
    return [200, this.faults.caAnswer?.(answer) ?? answer];
  }

  async #issue(wanted: LeafProfile): Promise<Certificate> {
    const profile = this.faults.profile?.(wanted) ?? wanted;
    const caSigner = this.faults.caSigner ?? this.caSigner;
    const precertificate = Certificate.parse(
      await signTbs(encodeLeafTbs(profile, POISON_EXTENSION), caSigner),
    );
    const timestampMs = BigInt(this.now.getTime());
    const extensions = new Uint8Array(0);
    const tbs = precertificateTbs(precertificate, 'precertificate');
    const sct: SignedCertificateTimestamp = {
      version: 0,
      logId: this.ctSigner.publicKey.keyId,
      timestampMs,
      extensions,
      hashAlgorithm: SCT_HASH_SHA256,
      signatureAlgorithm: SCT_SIGNATURE_ECDSA,
      signature: await (this.faults.sctSigner ?? this.ctSigner).sign(
        sctSignatureInput({ timestampMs, issuerKeyHash: this.issuer.spkiHash, tbs, extensions }),
      ),
    };
    return Certificate.parse(await signTbs(encodeLeafTbs(profile, sctListExtension([sct])), caSigner));
  }
}

function named(commonName: string): { organization: string; commonName: string } {
  return { organization: 'sigstead.test', commonName };
}
