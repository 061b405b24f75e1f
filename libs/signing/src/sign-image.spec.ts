import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle, serializeBundle } from '@sigstead/bundle';
import { FulcioClient, RekorClient } from '@sigstead/client';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { decodeUtf8, encodeBase64 } from '@sigstead/encoding';
import { OciError, parseImageReference, type RegistryClient } from '@sigstead/oci';
import {
  compilePolicy,
  legacyCandidate,
  verifyBundle,
  verifySignature,
  withInclusionProof,
} from '@sigstead/verification';
import type { LeafProfile } from '@sigstead/x509';
import { withCertifiedKey } from './certified-key.ts';
import { SigningError, type SigningErrorCode, type SigningStep } from './errors.ts';
import type { SigningServices } from './services.ts';
import { signImage, signManifestDigest } from './sign-image.ts';
import { CLAIMS, makeToken, NOW, SmallSigstore, type Faults } from './testonly/small-sigstore.ts';

const digest = `sha256:${'12'.repeat(32)}`;
const image = parseImageReference('registry.sigstead.test/acme/app:v1');
const policy = compilePolicy({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });

let sigstore: SmallSigstore;
let secrets: Uint8Array[];

beforeEach(async () => {
  sigstore = await SmallSigstore.start();
  secrets = [];
});
afterEach(() => sigstore.stop());

const services = (more: Partial<SigningServices> = {}): SigningServices => {
  const options = { baseUrl: sigstore.baseUrl, fetch, timeoutMs: 20_000 };
  return {
    fulcio: new FulcioClient(options),
    rekor: new RekorClient(options),
    trustedRoot: sigstore.trustedRoot,
    clock: () => NOW,
    ...more,
  };
};
const sign = (claims: object = CLAIMS, more: Partial<SigningServices> = {}) =>
  signManifestDigest(services(more), digest, { image, token: makeToken(claims) });
const failure = async (
  work: Promise<unknown>,
  step: SigningStep,
  code: SigningErrorCode,
): Promise<SigningError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SigningError);
  expect(error).toMatchObject({ step, code });
  expect(String((error as Error).stack)).not.toContain(makeToken());
  return error as SigningError;
};
const logged = () => sigstore.seen.filter((path) => path.includes('/log/')).length;

describe('signManifestDigest', () => {
  it('makes a bundle that verifies, alone and after a round trip', async () => {
    const signed = await sign();
    const bundle = parseBundle(serializeBundle(signed.bundle));
    const payloadDigest = { algorithm: 'sha256' as const, digest: sha256(signed.layer.payload) };
    expect(verifyBundle(bundle, payloadDigest, sigstore.trustedRoot, policy, NOW).verified).toBe(true);
    expect(signed.identity).toMatchObject({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });
    expect(signed.entryUuid).toMatch(/^000000000000002a[0-9a-f]{64}$/);
  });

  it('makes a layer as cosign does, which verifies with the proof of the log', async () => {
    const { layer, entry, certificate } = await sign();
    const { annotations } = layer;
    expect(Object.keys(annotations).sort()).toEqual([
      'dev.cosignproject.cosign/signature',
      'dev.sigstore.cosign/bundle',
      'dev.sigstore.cosign/certificate',
      'dev.sigstore.cosign/chain',
    ]);
    expect(annotations['dev.sigstore.cosign/certificate']).toBe(certificate.toPem());
    expect(annotations['dev.sigstore.cosign/chain']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(annotations['dev.sigstore.cosign/bundle']).toBe(
      `{"SignedEntryTimestamp":"${encodeBase64(entry.inclusionPromise ?? new Uint8Array())}","Payload":{"body":"${encodeBase64(entry.canonicalizedBody)}",` +
        `"integratedTime":${entry.integratedTimeSeconds},"logIndex":1001,"logID":"${Buffer.from(entry.logId).toString('hex')}"}}`,
    );
    const { evidence } = legacyCandidate(layer, 'layer');
    const [logged] = evidence instanceof Error ? [] : evidence.logEntries;
    if (evidence instanceof Error || logged === undefined || entry.inclusionProof === undefined)
      throw new Error('evidence is not readable');
    const candidate = {
      source: 'layer',
      evidence: withInclusionProof(evidence, logged, entry.inclusionProof),
    };
    const artifact = {
      algorithm: 'sha256' as const,
      digest: Uint8Array.from(Buffer.from(digest.slice(7), 'hex')),
    };
    expect(verifySignature(candidate, artifact, sigstore.trustedRoot, policy, { now: NOW }).verified).toBe(
      true,
    );
  });

  it('proves possession over the e-mail of a person', async () => {
    const { identity } = await sign({ ...CLAIMS, email: 'release@acme.example', email_verified: true });
    expect(identity).toMatchObject({ identity: 'release@acme.example', identityType: 'email' });
  });

  it('puts annotations under the signature', async () => {
    const { layer } = await signManifestDigest(services(), digest, {
      image,
      token: makeToken(),
      annotations: { build: '7' },
    });
    expect(decodeUtf8(layer.payload)).toContain('"optional":{"build":"7"}');
  });
});

describe('the ephemeral key', () => {
  const randomBytes = (n: number) => {
    const bytes = globalThis.crypto.getRandomValues(new Uint8Array(n));
    secrets.push(bytes);
    return bytes;
  };

  it('is another one each time', async () => {
    const [one, two] = [await sign(), await sign()];
    expect(one.certificate.publicKey.toPem()).not.toBe(two.certificate.publicKey.toPem());
  });

  it('is destroyed after use, also when use fails, and cannot sign any more', async () => {
    const lent: { sign(message: Uint8Array): Promise<Uint8Array> }[] = [];
    const use = (fail: boolean) =>
      withCertifiedKey(services({ randomBytes }), makeToken(), async ({ signer }) => {
        lent.push(signer);
        await signer.sign(new Uint8Array(1));
        if (fail) throw new Error('use failed');
      });
    await use(false);
    await expect(use(true)).rejects.toThrow('use failed');
    expect(lent).toHaveLength(2);
    for (const signer of lent) await expect(signer.sign(new Uint8Array(1))).rejects.toThrow('destroyed');
    expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });

  it('is not even made for a token that cannot be used', async () => {
    await failure(
      signManifestDigest(services({ randomBytes }), digest, { image, token: 'x' }),
      'input',
      'TOKEN',
    );
    expect(secrets).toEqual([]);
    expect(sigstore.seen).toEqual([]);
  });
});

describe('a certificate authority', () => {
  it('that refuses the token is quoted', async () => {
    const error = await failure(
      sign({ ...CLAIMS, iss: 'https://other.example' }),
      'certificate',
      'CALL_FAILED',
    );
    expect(error.message).toContain('There was an error processing the identity token');
    expect(error.cause).toMatchObject({ name: 'ClientError', status: 400 });
  });

  const profile = (change: Partial<LeafProfile>): Partial<Faults> => ({
    profile: (wanted) => ({ ...wanted, ...change }),
  });
  const later = (ms: number) => new Date(NOW.getTime() + ms);

  it.each<[string, () => Partial<Faults>]>([
    ['certifies another key', () => profile({ publicKey: PrivateKeySigner.generate('P-256').publicKey })],
    ['is not the one we trust', () => ({ caSigner: PrivateKeySigner.generate('P-256') })],
    ['has no promise of the CT log we trust', () => ({ sctSigner: PrivateKeySigner.generate('P-256') })],
    [
      'gives a certificate of yesterday',
      () => profile({ notBefore: later(-86_400_000), notAfter: later(-86_000_000) }),
    ],
    [
      'gives a certificate of tomorrow',
      () => profile({ notBefore: later(86_000_000), notAfter: later(86_400_000) }),
    ],
    [
      'answers with garbage',
      () => ({
        caAnswer: () => ({ signedCertificateEmbeddedSct: { chain: { certificates: ['garbage'] } } }),
      }),
    ],
  ])('that %s is refused before anything is logged', async (_name, faults) => {
    sigstore.faults = faults();
    await failure(sign(), 'certificate', 'ANSWER_INVALID');
    expect(logged()).toBe(0);
  });

  it('that does not answer at all is a failed call', async () => {
    sigstore.faults = { intercept: () => true };
    const slow = new FulcioClient({ baseUrl: sigstore.baseUrl, fetch, timeoutMs: 50 });
    const error = await failure(sign(CLAIMS, { fulcio: slow }), 'certificate', 'CALL_FAILED');
    expect(error.cause).toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('a log', () => {
  type Answered = { uuid: string; entry: Record<string, never> };
  const change = (
    edit: (
      entry: { verification: { inclusionProof: Record<string, unknown> } & Record<string, unknown> } & Record<
        string,
        unknown
      >,
    ) => void,
  ) => {
    sigstore.faults = {
      logAnswer: ({ uuid, entry }: Answered) => {
        const copy = structuredClone(entry) as never;
        edit(copy);
        return { [uuid]: copy };
      },
    };
  };

  it.each([
    [
      'another time than it promised',
      (entry: Record<string, unknown>) => (entry['integratedTime'] = NOW.getTime() / 1000 + 2),
    ],
    ['another index than it promised', (entry: Record<string, unknown>) => (entry['logIndex'] = 5)],
    ['another log ID', (entry: Record<string, unknown>) => (entry['logID'] = '00'.repeat(32))],
    ['no base64 in its body', (entry: Record<string, unknown>) => (entry['body'] = '!')],
    ['a body that is no entry', (entry: Record<string, unknown>) => (entry['body'] = 'e30=')],
  ])('that answers %s is refused', async (_name, edit) => {
    change(edit);
    await failure(sign(), 'log', 'ANSWER_INVALID');
  });

  it.each([
    ['for another root', { rootHash: '00'.repeat(32) }],
    ['for another size', { treeSize: 3 }],
    ['with another sibling', { hashes: ['00'.repeat(32)] }],
    ['of another place', { logIndex: 0 }],
    ['under a checkpoint that is none', { checkpoint: 'nothing' }],
  ])('that answers a proof %s is refused', async (_name, proof) => {
    change((entry) => Object.assign(entry.verification.inclusionProof, proof));
    await failure(sign(), 'log', 'ANSWER_INVALID');
  });

  it('whose promise does not verify is refused', async () => {
    const stranger = PrivateKeySigner.generate('P-256');
    const signature = encodeBase64(await stranger.sign(new Uint8Array(1)));
    change((entry) => (entry.verification['signedEntryTimestamp'] = signature));
    await failure(sign(), 'log', 'ANSWER_INVALID');
  });

  it('that answers the entry of another signature is refused', async () => {
    const other = await new Promise<object>((resolve) => {
      sigstore.faults = {
        logAnswer: ({ uuid, entry }: Answered) => {
          resolve({ [uuid]: entry });
          return { [uuid]: entry };
        },
      };
      void sign();
    });
    sigstore.faults = { logAnswer: () => other };
    const error = await failure(sign(), 'log', 'ANSWER_INVALID');
    expect(error.message).toContain('another');
  });

  it('that names the entry by another ID is refused', async () => {
    sigstore.faults = { logAnswer: ({ entry }: Answered) => ({ ['00'.repeat(40)]: entry }) };
    const error = await failure(sign(), 'log', 'ANSWER_INVALID');
    expect(error.message).toContain('ID');
  });

  it('that fails is a failed call with its status', async () => {
    sigstore.faults = {
      intercept: (request, response) => {
        if (request.url?.includes('/log/') !== true) return false;
        response.writeHead(503).end(JSON.stringify({ code: 503, message: 'no database' }));
        return true;
      },
    };
    const error = await failure(sign(), 'log', 'CALL_FAILED');
    expect(error.cause).toMatchObject({ name: 'ClientError', status: 503 });
  });
});

describe('signImage', () => {
  const registry = (part: object) => part as unknown as RegistryClient;

  it('says when the image cannot be resolved, before it asks for anything', async () => {
    const missing = registry({
      resolve: () => Promise.reject(new OciError('NOT_FOUND', 'no such image', { status: 404 })),
    });
    const error = await failure(
      signImage(services(), missing, { image, token: makeToken() }),
      'resolve',
      'CALL_FAILED',
    );
    expect(error.cause).toMatchObject({ code: 'NOT_FOUND' });
    expect(sigstore.seen).toEqual([]);
  });

  it('pushes nothing when the log lies', async () => {
    const pushed: string[] = [];
    const recording = registry({
      resolve: () => Promise.resolve({ digest, mediaType: '', size: 0 }),
      pushBlob: () => Promise.resolve(pushed.push('blob')),
    });
    sigstore.faults = { logAnswer: ({ entry }) => ({ ['00'.repeat(40)]: entry }) };
    await failure(signImage(services(), recording, { image, token: makeToken() }), 'log', 'ANSWER_INVALID');
    expect(pushed).toEqual([]);
  });

  it('names the push when that fails', async () => {
    const full = registry({
      resolve: () => Promise.resolve({ digest, mediaType: '', size: 0 }),
      pushBlob: () => Promise.reject(new OciError('UNAUTHORIZED', 'read only', { status: 403 })),
    });
    await failure(signImage(services(), full, { image, token: makeToken() }), 'push', 'CALL_FAILED');
  });
});
