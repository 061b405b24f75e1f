import { execFileSync } from 'node:child_process';
import { randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyType } from '@sigstead/crypto';
import { createLog, type Service } from '@sigstead/server';
import { Certificate, isPrecertificate } from '@sigstead/x509';
import { toDSSEBundle } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier, type SignedEntity } from '@sigstore/verify';
import { createCertificateAuthority } from './create-certificate-authority.ts';
import { makeTestChain, TestFiles, type TestChain } from './testonly/test-authority.ts';
import { TestCertificateLog } from './testonly/test-certificate-log.ts';
import { call, clientKey, type ClientKey } from './testonly/test-client.ts';
import { recordSettings, TestDatabase } from './testonly/test-database.ts';
import { githubClaims, TestIssuer } from './testonly/test-issuer.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const IDENTITY = 'https://github.com/octo/shared/.github/workflows/release.yml@refs/tags/v1';
const CLIENT_KEYS = ['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-3072', 'RSA-4096', 'Ed25519'];
const STATEMENT = Buffer.from('{"what":"was signed"}');
const STATEMENT_TYPE = 'application/json';

/** RSA keys are slow to make: one of each kind for all tests. */
const clientKeys = new Map(CLIENT_KEYS.map((kind) => [kind, clientKey(kind)]));
const keyOf = (kind: string): ClientKey => clientKeys.get(kind) as ClientKey;

describe.each<KeyType>(['P-384', 'P-256'])('a running authority with keys of %s', (type) => {
  let files: TestFiles;
  let issuer: TestIssuer;
  let log: TestCertificateLog;
  let chain: TestChain;
  let database: TestDatabase;
  let service: Service;
  let url: string;

  beforeAll(async () => {
    [files, issuer, log, chain, database] = await Promise.all([
      TestFiles.make(),
      TestIssuer.start(),
      TestCertificateLog.start(),
      makeTestChain(NOW, { keyType: type }),
      TestDatabase.start(),
    ]);
    service = await createCertificateAuthority(
      {
        authority: await files.writeAuthority([chain.intermediate, chain.root], chain.key),
        ctLogUrl: log.url,
        ctPublicKeyFile: await files.write('ct.pub.pem', log.signer.publicKey.toPem()),
        ctTimeoutMs: 20_000,
        issuersFile: await files.write('issuers.yaml', issuersFile(issuer)),
        issuerTimeoutMs: 20_000,
        ...(await recordSettings(files, database)),
      },
      { clock: () => NOW, fetch, randomBytes, log: createLog('certificate-authority', 'silent') },
    );
    url = await service.listen(0, '127.0.0.1');
  }, 60_000);

  afterAll(async () => {
    await service?.close();
    await Promise.all([issuer?.stop(), log?.stop(), files?.remove(), database?.stop()]);
  });

  async function certify(key: ClientKey): Promise<Certificate> {
    const claims = githubClaims(issuer.url, NOW);
    const answer = await call(`${url}/api/v2/signingCert`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await issuer.sign(claims)}` },
      body: JSON.stringify({
        publicKeyRequest: {
          publicKey: { algorithm: 'PUBLIC_KEY_ALGORITHM_UNSPECIFIED', content: key.pem },
          proofOfPossession: key.prove(String(claims.sub)),
        },
      }),
    });
    expect(answer).toMatchObject({ status: 200 });
    const { signedCertificateEmbeddedSct } = answer.json as unknown as {
      signedCertificateEmbeddedSct: { chain: { certificates: [string] } };
    };
    return Certificate.fromPem(signedCertificateEmbeddedSct.chain.certificates[0]);
  }

  const verifier = (authority: TestChain): Verifier =>
    new Verifier(toTrustMaterial(trustedRoot(authority, log)), { ctlogThreshold: 1, tlogThreshold: 0 });

  it.each(CLIENT_KEYS)('certifies a key of %s so that openssl verifies the chain', async (kind) => {
    const leaf = await certify(keyOf(kind));
    expect(isPrecertificate(leaf)).toBe(false);
    expect(opensslVerify(leaf, chain)).toBe('leaf.pem: OK');
  });

  it.each(CLIENT_KEYS)(
    'certifies a key of %s so that @sigstore/verify accepts chain, timestamp of the log, identity and signature',
    async (kind) => {
      const key = keyOf(kind);
      const signer = verifier(chain).verify(signedEntity(key, await certify(key)), {
        subjectAlternativeName: IDENTITY,
        extensions: { issuer: issuer.url },
      });
      expect(signer.key.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(key.der));
      expect(signer.identity?.subjectAlternativeName).toBe(IDENTITY);
    },
  );

  it('is not what @sigstore/verify trusts when another authority of the same names stands in the trusted root', async () => {
    const key = keyOf('P-256');
    const entity = signedEntity(key, await certify(key));
    const other = verifier(await makeTestChain(NOW, { keyType: type }));
    expect(() => other.verify(entity)).toThrow(/certificate chain/);
  });

  it('issues nothing that openssl or @sigstore/verify would accept with one bit flipped', async () => {
    const key = keyOf('P-256');
    const { raw } = await certify(key);
    const flipped = Uint8Array.from(raw);
    const serialNumberAt = 20;
    flipped[serialNumberAt] = (flipped[serialNumberAt] as number) ^ 1;
    const leaf = Certificate.parse(flipped);
    expect(() => opensslVerify(leaf, chain)).toThrow(/signature failure/);
    expect(() => verifier(chain).verify(signedEntity(key, leaf))).toThrow(/certificate chain/);
  });
});

function issuersFile({ url }: TestIssuer): string {
  return JSON.stringify({
    'oidc-issuers': {
      [url]: { 'issuer-url': url, 'client-id': 'sigstore', type: 'github-workflow' },
    },
  });
}

/**
 * The certificate with a signature of its key, at a time at which nobody but us vouches. In an envelope, because
 * @sigstore/verify knows Ed25519 over nothing else.
 */
function signedEntity(key: ClientKey, leaf: Certificate): SignedEntity {
  const lengths = [STATEMENT_TYPE.length, STATEMENT.length] as const;
  const encoded = `DSSEv1 ${lengths[0]} ${STATEMENT_TYPE} ${lengths[1]} ${STATEMENT.toString()}`;
  const bundle = toDSSEBundle({
    artifact: STATEMENT,
    artifactType: STATEMENT_TYPE,
    signature: sign(null, Buffer.from(encoded), key.privateKey),
    certificate: Buffer.from(leaf.raw),
  });
  const tlogEntry = {
    integratedTime: String(NOW.getTime() / 1000),
    inclusionPromise: { signedEntryTimestamp: Buffer.alloc(0) },
    logId: { keyId: Buffer.alloc(32) },
  };
  const timestamps = [{ $case: 'transparency-log', tlogEntry }] as unknown as SignedEntity['timestamps'];
  return { ...toSignedEntity(bundle), timestamps };
}

function trustedRoot(chain: TestChain, log: TestCertificateLog): TrustedRoot {
  const validFor = { start: new Date(NOW.getTime() - 86_400_000 * 100).toISOString() };
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return TrustedRoot.fromJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    ctlogs: [
      {
        baseUrl: log.url,
        hashAlgorithm: 'SHA2_256',
        publicKey: {
          rawBytes: base64(log.signer.publicKey.spki),
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
          validFor,
        },
        logId: { keyId: base64(log.signer.publicKey.keyId) },
      },
    ],
    certificateAuthorities: [
      {
        uri: 'https://ca.example.com',
        subject: { organization: 'octo', commonName: 'issuing' },
        certChain: {
          certificates: [chain.intermediate, chain.root].map(({ raw }) => ({ rawBytes: base64(raw) })),
        },
        validFor,
      },
    ],
  });
}

function opensslVerify(leaf: Certificate, { intermediate, root }: TestChain): string {
  const folder = mkdtempSync(join(tmpdir(), 'oracles-'));
  try {
    const pems = { 'root.pem': root, 'ca.pem': intermediate, 'leaf.pem': leaf };
    for (const [name, certificate] of Object.entries(pems))
      writeFileSync(join(folder, name), certificate.toPem());
    const time = String(NOW.getTime() / 1000);
    const chain = ['-CAfile', 'root.pem', '-untrusted', 'ca.pem', 'leaf.pem'];
    return execFileSync('openssl', ['verify', '-x509_strict', '-attime', time, ...chain], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
