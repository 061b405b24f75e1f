import { createHash, generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';

/** Addresses as a signing configuration has them. */
export interface SigningServices {
  readonly certificateAuthority: string;
  readonly transparencyLog: string;
  /** With its path. */
  readonly timestampAuthority: string;
}

/** A key and its certificate of the authority, asked for with bare requests: nothing of ours takes part. */
export interface CertifiedSigner {
  /** DER, leaf first. */
  readonly chain: readonly Buffer[];
  /** DER */
  readonly spki: Buffer;
  sign(message: Buffer): Buffer;
}

export async function certifiedSigner(
  { certificateAuthority }: Pick<SigningServices, 'certificateAuthority'>,
  token: string,
): Promise<CertifiedSigner> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { sub } = JSON.parse(payload) as { sub: string };
  const answer = await post(`${certificateAuthority}/api/v2/signingCert`, 200, {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: publicKey.export({ type: 'spki', format: 'pem' }) },
      proofOfPossession: signed(privateKey, Buffer.from(sub)).toString('base64'),
    },
  });
  const { signedCertificateEmbeddedSct } = (await answer.json()) as {
    signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
  };
  return {
    chain: signedCertificateEmbeddedSct.chain.certificates.map((pem) => new X509Certificate(pem).raw),
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    sign: (message) => signed(privateKey, message),
  };
}

/** TransparencyLogEntry as Rekor v2 answers it. */
export interface LogEntry {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly inclusionProof: {
    readonly treeSize: string;
    readonly rootHash: string;
    readonly checkpoint: { readonly envelope: string };
  };
  readonly canonicalizedBody: string;
}

export interface SignedArtifact {
  readonly entry: LogEntry;
  /** A bundle of v0.3, as clients write it. */
  readonly bundle: object;
}

/** Signs as clients of Rekor v2 do: signature, timestamp over it, entry. */
export async function signThroughRekorV2(
  { timestampAuthority, transparencyLog }: SigningServices,
  signer: CertifiedSigner,
  artifact: Buffer,
): Promise<SignedArtifact> {
  const digest = createHash('sha256').update(artifact).digest('base64');
  const signature = signer.sign(artifact);
  const timestamp = await post(timestampAuthority, 200, {
    artifactHash: createHash('sha256').update(signature).digest('base64'),
    hashAlgorithm: 'sha256',
  });
  const signedTimestamp = Buffer.from(await timestamp.arrayBuffer()).toString('base64');
  const rawBytes = (signer.chain[0] as Buffer).toString('base64');
  const created = await post(`${transparencyLog}/api/v2/log/entries`, 201, {
    hashedRekordRequestV002: {
      digest,
      signature: {
        content: signature.toString('base64'),
        verifier: { x509Certificate: { rawBytes }, keyDetails: 'PKIX_ECDSA_P256_SHA_256' },
      },
    },
  });
  const entry = (await created.json()) as LogEntry;
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: { rawBytes },
      tlogEntries: [entry],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp }] },
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest },
      signature: signature.toString('base64'),
    },
  };
  return { entry, bundle };
}

async function post(url: string, status: number, body: object): Promise<Response> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== status) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function signed(key: KeyObject, message: Buffer): Buffer {
  return sign('sha256', message, key);
}
