import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrivateKeySigner, PublicKey, sha256, verifyMessage, type Signer } from '@sigstead/crypto';
import { decodeBase64, encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import {
  canonicalHashedRekord,
  parseHashedRekord,
  rekorEntryId,
  rekorOrigin,
  signCheckpoint,
  signSignedEntryTimestamp,
  verifyHashedRekord,
} from '@sigstead/tlog';
import type { TransparencyLogInstance, TrustedRoot } from '@sigstead/trust';
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

export const NOW = new Date('2026-03-01T12:00:00Z');
const START = new Date('2026-01-01T00:00:00Z');
const END = new Date('2036-01-01T00:00:00Z');
const TREE_ID = 42n;

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
  /** Takes over before anything else. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A certificate authority with CT log and a Rekor v1 log on one port, with real keys, and the trusted root over them. */
export class SmallSigstore {
  readonly seen: string[] = [];
  faults: Partial<Faults> = {};
  baseUrl = '';

  private constructor(
    readonly issuer: Certificate,
    readonly caSigner: Signer,
    readonly ctSigner: Signer,
    readonly logSigner: Signer,
    readonly trustedRoot: TrustedRoot,
    private readonly server: Server,
  ) {}

  static async start(): Promise<SmallSigstore> {
    const makeSigner = (): Signer => PrivateKeySigner.generate('P-256');
    const [rootSigner, caSigner, ctSigner, logSigner] = [
      makeSigner(),
      makeSigner(),
      makeSigner(),
      makeSigner(),
    ] as const;
    const base = { notBefore: START, notAfter: END, serialNumber: Uint8Array.of(7) };
    const name = (commonName: string) => ({ organization: 'sigstead.test', commonName });
    const root = Certificate.parse(
      await signTbs(
        encodeCaCertificate({ ...base, subject: name('root'), publicKey: rootSigner.publicKey }),
        rootSigner,
      ),
    );
    const issuing = {
      ...base,
      subject: name('intermediate'),
      publicKey: caSigner.publicKey,
      issuer: root,
      pathLength: 0,
    };
    const issuer = Certificate.parse(
      await signTbs(encodeCaCertificate({ ...issuing, extendedKeyUsages: [oids.codeSigning] }), rootSigner),
    );
    const trustedRoot: TrustedRoot = {
      tlogs: [instance(logSigner, 'http://127.0.0.1')],
      ctlogs: [instance(ctSigner, 'http://127.0.0.1/ct')],
      certificateAuthorities: [
        {
          uri: 'http://127.0.0.1',
          subject: name('root'),
          certificates: [issuer, root],
          validFor: { start: START },
        },
      ],
      timestampAuthorities: [],
    };
    const server = createServer((request, response) => void sigstore.#serve(request, response));
    const sigstore = new SmallSigstore(issuer, caSigner, ctSigner, logSigner, trustedRoot, server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    sigstore.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return sigstore;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.seen.push(path);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (this.faults.intercept?.(request, response) === true) return;
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const [status, answer] = path.endsWith('/signingCert')
      ? await this.#certify(token, body)
      : await this.#log(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
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
      notBefore: NOW,
      notAfter: new Date(NOW.getTime() + 600_000),
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
    const timestampMs = BigInt(NOW.getTime());
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

  /** Every entry is the second leaf of a tree of its own: a proof of one hash. */
  async #log(body: string): Promise<[number, object]> {
    const entry = parseHashedRekord((JSON.parse(body) as { spec: Json }).spec);
    verifyHashedRekord(entry);
    const leaf = canonicalHashedRekord(entry);
    const leafHash = sha256(Uint8Array.of(0), leaf);
    const sibling = sha256(encodeUtf8('first leaf'));
    const rootHash = sha256(Uint8Array.of(1), sibling, leafHash);
    const payload = {
      body: encodeBase64(leaf),
      integratedTime: NOW.getTime() / 1000 + 1,
      logId: encodeHex(this.logSigner.publicKey.keyId),
      logIndex: 1001,
    };
    const checkpoint = { origin: rekorOrigin('127.0.0.1', TREE_ID), size: 2n, rootHash, extensions: [] };
    const answer = {
      uuid: rekorEntryId(TREE_ID, leafHash),
      entry: {
        body: payload.body,
        integratedTime: payload.integratedTime,
        logID: payload.logId,
        logIndex: payload.logIndex,
        verification: {
          signedEntryTimestamp: encodeBase64(await signSignedEntryTimestamp(payload, this.logSigner)),
          inclusionProof: {
            checkpoint: await signCheckpoint(checkpoint, '127.0.0.1', this.logSigner),
            hashes: [encodeHex(sibling)],
            logIndex: 1,
            rootHash: encodeHex(rootHash),
            treeSize: 2,
          },
        },
      } as unknown as Json,
    };
    return [201, this.faults.logAnswer?.(answer) ?? { [answer.uuid]: answer.entry }];
  }
}

function instance(signer: Signer, baseUrl: string): TransparencyLogInstance {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    logId: signer.publicKey.keyId,
    key: signer.publicKey,
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    validFor: { start: START },
  };
}
