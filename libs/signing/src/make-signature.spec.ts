import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseBundle } from '@sigstead/bundle';
import { digest as digestBytes, Ed25519PrehashedSigner, PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { parseImageReference } from '@sigstead/oci';
import { encodeTimeStampReq } from '@sigstead/timestamp';
import {
  compilePolicy,
  parseArtifactDigest,
  verifyBundle,
  type SignatureVerdict,
} from '@sigstead/verification';
import { withCertifiedKey } from './certified-key.ts';
import { sha256Digest, type SigningContent } from './content.ts';
import { makeSignature, type Signature } from './make-signature.ts';
import { managedKey, type SigningKey } from './signing-key.ts';
import { simpleSigningPayload } from './simple-signing.ts';
import { parseStatement } from './statement/statement.ts';
import { failure, servicesOf } from './testonly/services.ts';
import { CLAIMS, makeToken, NOW, SmallSigstore, type Faults } from './testonly/small-sigstore.ts';
import { SmallTimestampAuthority } from './testonly/small-timestamp-authority.ts';

const blob = encodeUtf8('a blob');
const digest: SigningContent = { kind: 'digest', digest: sha256Digest(blob) };
const hex = Buffer.from(sha256(blob)).toString('hex');
const statement: SigningContent = {
  kind: 'statement',
  statement: parseStatement(
    encodeUtf8(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'blob', digest: { sha256: hex } }],
        predicateType: 'https://acme.example/checked/v1',
        predicate: { by: 'hand' },
      }),
    ),
  ),
};
const payload: SigningContent = {
  kind: 'simple-signing',
  payload: simpleSigningPayload(parseImageReference('registry.example/app'), `sha256:${hex}`),
  imageDigest: `sha256:${hex}`,
};
const policy = compilePolicy({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });

let sigstore: SmallSigstore;

beforeEach(async () => {
  sigstore = await SmallSigstore.start();
});
afterEach(() => sigstore.stop());

const services = (version: 1 | 2 = 1, timestamped?: boolean) =>
  servicesOf(fetch, sigstore, version, timestamped);
const sign = (content: SigningContent, version: 1 | 2 = 1, timestamped?: boolean): Promise<Signature> => {
  const chosen = services(version, timestamped);
  return withCertifiedKey(chosen, makeToken(), (key) => makeSignature(chosen, key, content));
};
const verify = ({ bundleJson }: Signature, by = policy): SignatureVerdict =>
  verifyBundle(parseBundle(bundleJson), parseArtifactDigest(`sha256:${hex}`), sigstore.trustedRoot, by, NOW);
const later = (ms: number) => new Date(NOW.getTime() + ms);
const logged = () => sigstore.seen.filter((path) => path.includes('/log/')).length;

describe.each([
  [1, false],
  [1, true],
  [2, true],
] as const)('with Rekor v%d, timestamped: %s', (version, timestamped) => {
  it.each([
    ['a blob', digest, version === 1 ? 'hashedrekord 0.0.1' : 'hashedrekord 0.0.2'],
    ['a statement', statement, version === 1 ? 'dsse 0.0.1' : 'hashedrekord 0.0.2'],
  ] as const)('%s is signed with a bundle that verifies', async (_name, content, kind) => {
    const signature = await sign(content, version, timestamped);
    expect(verify(signature)).toMatchObject({ verified: true });
    const { verificationMaterial, content: made } = parseBundle(signature.bundleJson);
    expect(verificationMaterial.tlogEntries.map((entry) => `${entry.kind} ${entry.kindVersion}`)).toEqual([
      kind,
    ]);
    expect(verificationMaterial.rfc3161Timestamps).toHaveLength(timestamped ? 1 : 0);
    expect(verificationMaterial.key).toMatchObject({ kind: 'certificate' });
    expect(made.kind).toBe(content.kind === 'digest' ? 'messageSignature' : 'dsse');
  });

  it.each(version === 1 ? (['P-256', 'RSA'] as const) : (['P-256', 'P-384', 'RSA'] as const))(
    'a statement is signed with a managed %s key',
    async (type) => {
      const key = managedKey(PrivateKeySigner.generate(type));
      const signature = await makeSignature(services(version, timestamped), key, statement);
      const byKey = compilePolicy({ key: key.signer.publicKey.toPem() });
      expect(verify(signature, byKey)).toMatchObject({ verified: true });
      expect(parseBundle(signature.bundleJson).verificationMaterial.key).toEqual({
        kind: 'publicKey',
        hint: encodeBase64(key.signer.publicKey.keyId),
      });
    },
  );
});

describe('a managed key', () => {
  const with256 = managedKey(PrivateKeySigner.generate('P-256'));

  it('signs a blob, and needs no time for it', async () => {
    const signature = await makeSignature(services(2, false), with256, digest);
    expect(verify(signature, compilePolicy({ key: with256.signer.publicKey.toPem() })).verified).toBe(true);
    expect(sigstore.seen).toEqual(['/api/v2/log/entries']);
  });

  it.each<[string, SigningKey, 1 | 2, SigningContent]>([
    ['of P-384 over a SHA-256 digest', managedKey(PrivateKeySigner.generate('P-384')), 1, digest],
    ['of P-384 over an envelope for Rekor v1', managedKey(PrivateKeySigner.generate('P-384')), 1, statement],
    ['of P-384 over the payload of a .sig', managedKey(PrivateKeySigner.generate('P-384')), 1, payload],
    ['of Ed25519 over a digest', managedKey(PrivateKeySigner.generate('Ed25519')), 1, digest],
    ['of Ed25519 for Rekor v2', managedKey(PrivateKeySigner.generate('Ed25519')), 2, statement],
  ])('%s is refused before anything is asked for', async (_name, key, version, content) => {
    await failure(makeSignature(services(version), key, content), 'input', 'ARTIFACT');
    expect(sigstore.seen).toEqual([]);
  });

  it('of Ed25519 for the .sig form tells of the form that there is', async () => {
    const key = managedKey(PrivateKeySigner.generate('Ed25519'));
    const imageDigest = `sha256:${'5'.repeat(64)}`;
    const payload = simpleSigningPayload(parseImageReference('registry.example/app'), imageDigest);
    const content = { kind: 'simple-signing', payload, imageDigest } as const;
    await expect(makeSignature(services(1), key, content)).rejects.toThrow('form bundle');
  });

  it('of Ed25519 signs statements for Rekor v1', async () => {
    const key = managedKey(PrivateKeySigner.generate('Ed25519'));
    const signature = await makeSignature(services(1), key, statement);
    expect(verify(signature, compilePolicy({ key: key.signer.publicKey.toPem() })).verified).toBe(true);
  });

  describe('of Ed25519ph', () => {
    const key = managedKey(new Ed25519PrehashedSigner(PrivateKeySigner.generate('Ed25519')));
    const byKey = compilePolicy({ key: key.signer.publicKey.toPem() });
    const sha512 = { algorithm: 'sha512' as const, digest: digestBytes('sha512', blob) };

    it.each([1, 2] as const)('signs a blob by its SHA-512 digest for Rekor v%d', async (version) => {
      const { bundleJson } = await makeSignature(services(version), key, { kind: 'digest', digest: sha512 });
      const verdict = verifyBundle(parseBundle(bundleJson), sha512, sigstore.trustedRoot, byKey, NOW);
      expect(verdict).toMatchObject({ verified: true });
    });

    it('does not sign the payload of a .sig', async () => {
      await failure(makeSignature(services(1), key, payload), 'input', 'ARTIFACT');
      expect(sigstore.seen).toEqual([]);
    });

    it.each([1, 2] as const)('does not sign statements for Rekor v%d', async (version) => {
      await failure(makeSignature(services(version), key, statement), 'input', 'ARTIFACT');
      expect(sigstore.seen).toEqual([]);
    });
  });
});

it('tells its steps in their order', async () => {
  const steps: string[] = [];
  const chosen = services(2);
  await withCertifiedKey(chosen, makeToken(), (key) =>
    makeSignature(chosen, key, digest, (step) => steps.push(step)),
  );
  expect(steps).toEqual(['signature', 'timestamp', 'log']);
  expect(sigstore.seen).toEqual(['/api/v2/signingCert', '/api/v1/timestamp', '/api/v2/log/entries']);
});

it('refuses Rekor v2 without a timestamp authority before it asks for a certificate', async () => {
  expect((await failure(sign(digest, 2, false), 'input', 'SERVICES')).message).toContain(
    'timestamp authority',
  );
  expect(sigstore.seen).toEqual([]);
});

it('logs in every log and has the timestamps of every authority', async () => {
  const [one] = services(1).logs;
  const twice = { ...services(1), logs: one === undefined ? [] : [one, one] };
  // One log in two clothes is one log: a verifier counts it once, so the signature is not handed out.
  await failure(
    withCertifiedKey(twice, makeToken(), (key) => makeSignature(twice, key, digest)),
    'log',
    'ANSWER_INVALID',
  );
  expect(logged()).toBe(2);
});

describe('a timestamp authority', () => {
  const stamp = () => sign(digest, 2);

  it.each<[string, () => Promise<Partial<Faults>>]>([
    [
      'that is not the one we trust',
      async () => ({ timestampAuthority: await SmallTimestampAuthority.create() }),
    ],
    [
      'that stamps something else',
      async () => {
        const other = await sigstore.timestampAuthority.answer(
          encodeTimeStampReq('sha256', sha256(blob)),
          NOW,
        );
        return { timestamp: () => other };
      },
    ],
    ['whose clock is before the certificate', async () => ({ genTime: later(-60_000) })],
    ['whose clock is behind the certificate', async () => ({ genTime: later(700_000) })],
    [
      'whose answer was spoiled',
      async () => ({
        timestamp: (answer) => answer.map((byte, at) => (at === answer.length - 1 ? byte ^ 1 : byte)),
      }),
    ],
  ])('%s is refused', async (_name, faults) => {
    sigstore.faults = await faults();
    await failure(stamp(), 'timestamp', 'ANSWER_INVALID');
  });

  it('that answers with garbage is a failed call, and nothing is logged', async () => {
    sigstore.faults = { timestamp: () => encodeUtf8('garbage') };
    await failure(stamp(), 'timestamp', 'CALL_FAILED');
    expect(logged()).toBe(0);
  });

  it('that does not answer is a failed call, and nothing is logged', async () => {
    sigstore.faults = { intercept: (request) => request.url === '/api/v1/timestamp' };
    const slow = {
      ...services(2),
      timestampAuthorities: servicesOf(fetch, sigstore, 2, true, 50).timestampAuthorities,
    };
    const error = await failure(
      withCertifiedKey(slow, makeToken(), (key) => makeSignature(slow, key, digest)),
      'timestamp',
      'CALL_FAILED',
    );
    expect(error.cause).toMatchObject({ code: 'TIMEOUT' });
    expect(logged()).toBe(0);
  });
});

type Entry = Record<string, unknown> & { verification: Record<string, unknown> & { inclusionProof: object } };

describe('a Rekor v1 log', () => {
  const change = (edit: (entry: Entry) => void) => {
    sigstore.faults = {
      logAnswer: ({ uuid, entry }) => {
        const copy = structuredClone(entry) as unknown as Entry;
        edit(copy);
        return { [uuid]: copy };
      },
    };
  };
  const contents = [
    ['a blob', digest],
    ['a statement', statement],
  ] as const;

  describe.each(contents)('logging %s', (_content, content) => {
    it.each([
      [
        'another time than it promised',
        (entry: Entry) => (entry['integratedTime'] = NOW.getTime() / 1000 + 2),
      ],
      ['another index than it promised', (entry: Entry) => (entry['logIndex'] = 5)],
      ['another log ID', (entry: Entry) => (entry['logID'] = '00'.repeat(32))],
      ['no base64 in its body', (entry: Entry) => (entry['body'] = '!')],
      ['a body that is no entry', (entry: Entry) => (entry['body'] = 'e30=')],
    ])('that answers %s is refused', async (_name, edit) => {
      change(edit);
      await failure(sign(content), 'log', 'ANSWER_INVALID');
    });

    it.each([
      ['for another root', { rootHash: '00'.repeat(32) }],
      ['for another size', { treeSize: 3 }],
      ['with another sibling', { hashes: ['00'.repeat(32)] }],
      ['of another place', { logIndex: 0 }],
      ['under a checkpoint that is none', { checkpoint: 'nothing' }],
    ])('that answers a proof %s is refused', async (_name, proof) => {
      change((entry) => Object.assign(entry.verification.inclusionProof, proof));
      await failure(sign(content), 'log', 'ANSWER_INVALID');
    });

    it('whose promise does not verify is refused', async () => {
      const signature = encodeBase64(await PrivateKeySigner.generate('P-256').sign(new Uint8Array(1)));
      change((entry) => (entry.verification['signedEntryTimestamp'] = signature));
      await failure(sign(content), 'log', 'ANSWER_INVALID');
    });

    it('that answers the entry of another signature is refused', async () => {
      let other: object = {};
      sigstore.faults = { logAnswer: ({ uuid, entry }) => (other = { [uuid]: entry }) };
      await sign(content);
      sigstore.faults = { logAnswer: () => other };
      await failure(sign(content), 'log', 'ANSWER_INVALID');
    });
  });

  it('that names the entry by another ID is refused', async () => {
    sigstore.faults = { logAnswer: ({ entry }) => ({ ['00'.repeat(40)]: entry }) };
    expect((await failure(sign(digest), 'log', 'ANSWER_INVALID')).message).toContain('ID');
  });

  it('that fails is a failed call with its status', async () => {
    sigstore.faults = {
      intercept: (request, response) => {
        if (request.url?.includes('/log/') !== true) return false;
        response.writeHead(503).end(JSON.stringify({ code: 503, message: 'no database' }));
        return true;
      },
    };
    const error = await failure(sign(digest), 'log', 'CALL_FAILED');
    expect(error.cause).toMatchObject({ name: 'ClientError', status: 503 });
  });
});

describe('a Rekor v2 log', () => {
  type V2Entry = Record<string, unknown> & { inclusionProof: Record<string, unknown> };
  const zeros = encodeBase64(new Uint8Array(32));

  it.each<[string, (entry: V2Entry) => void]>([
    ['another log ID', (entry) => (entry['logId'] = { keyId: zeros })],
    ['another index', (entry) => (entry['logIndex'] = '0')],
    ['another root', ({ inclusionProof }) => (inclusionProof['rootHash'] = zeros)],
    ['another sibling', ({ inclusionProof }) => (inclusionProof['hashes'] = [zeros])],
    ['no sibling', ({ inclusionProof }) => (inclusionProof['hashes'] = [])],
    ['a checkpoint that is none', ({ inclusionProof }) => (inclusionProof['checkpoint'] = { envelope: 'x' })],
    ['another kind', (entry) => (entry['kindVersion'] = { kind: 'dsse', version: '0.0.2' })],
  ])('that answers %s is refused', async (_name, edit) => {
    sigstore.faults = {
      v2Answer: (entry) => {
        const copy = structuredClone(entry) as unknown as V2Entry;
        edit(copy);
        return copy;
      },
    };
    await failure(sign(statement, 2), 'log', 'ANSWER_INVALID');
  });

  it('that answers the entry of another signature is refused', async () => {
    let other: object = {};
    sigstore.faults = { v2Answer: (entry) => (other = entry) };
    await sign(digest, 2);
    sigstore.faults = { v2Answer: () => other };
    await failure(sign(digest, 2), 'log', 'ANSWER_INVALID');
  });
});
