import type { Bundle, TransparencyLogEntry } from '@sigstead/bundle';
import { digest, PrivateKeySigner, sha256, type KeyType } from '@sigstead/crypto';
import { encodeHex, encodeUtf8, type JsonValue } from '@sigstead/encoding';
import { canonicalHashedRekordV002, cosigner } from '@sigstead/tlog';
import type { TrustedRoot } from '@sigstead/trust';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Artifact } from './evidence/signature-evidence.ts';
import { compilePolicy, type Policy } from './policy.ts';
import { stepOf } from './steps/step.ts';
import type { VerificationOptions } from './steps/context.ts';
import { signArtifact, signStatement, statementAbout } from './testonly/bundles.ts';
import { DAY, IDENTITY, ISSUED, ISSUER, MiniSigstore, NOW, SIGNED } from './testonly/mini-sigstore.ts';
import { MiniTimestampAuthority } from './testonly/mini-timestamp-authority.ts';
import { verifyBundle } from './verify-bundle.ts';

const content = encodeUtf8('a release archive');
const artifact: Artifact = {
  algorithm: 'sha256',
  digest: sha256(content),
  further: [{ algorithm: 'sha512', digest: digest('sha512', content) }],
};
const keyless = compilePolicy({ identity: IDENTITY, issuer: ISSUER });
const statement = statementAbout(artifact.digest);

interface Given {
  readonly artifact?: Artifact;
  readonly policy?: Policy;
  readonly trustedRoot?: TrustedRoot;
  readonly options?: Omit<VerificationOptions, 'now'>;
  readonly now?: Date;
}

describe('bundles of every shape', () => {
  let sigstore: MiniSigstore;
  beforeAll(async () => {
    sigstore = await MiniSigstore.create();
  });

  const verdict = (bundle: Bundle, given: Given = {}): ReturnType<typeof verifyBundle> =>
    verifyBundle(
      bundle,
      given.artifact ?? artifact,
      given.trustedRoot ?? sigstore.trustedRoot,
      given.policy ?? keyless,
      given.now ?? NOW,
      given.options,
    );
  const judge = (bundle: Bundle, given: Given = {}): string => {
    const { verified, steps } = verdict(bundle, given);
    return verified ? 'verified' : (steps.at(-1)?.code ?? 'no code');
  };
  const withEntries = (bundle: Bundle, tlogEntries: readonly TransparencyLogEntry[]): Bundle => ({
    ...bundle,
    verificationMaterial: { ...bundle.verificationMaterial, tlogEntries },
  });
  const withTimestamps = (bundle: Bundle, rfc3161Timestamps: readonly Uint8Array[]): Bundle => ({
    ...bundle,
    verificationMaterial: { ...bundle.verificationMaterial, rfc3161Timestamps },
  });
  const entryOf = (bundle: Bundle): TransparencyLogEntry =>
    bundle.verificationMaterial.tlogEntries[0] as TransparencyLogEntry;
  const signatureOf = (bundle: Bundle): Uint8Array =>
    (bundle.content.kind === 'dsse' ? bundle.content.signatures[0]?.signature : bundle.content.signature) ??
    new Uint8Array();

  describe('an artifact in Rekor v2 with a timestamp', () => {
    let bundle: Bundle;
    beforeAll(async () => {
      bundle = await signArtifact(sigstore, content, { log: 'rekor-v2' });
    });

    it('is accepted, at the time of the authority', () => {
      const { verified, steps } = verdict(bundle);
      expect(verified).toBe(true);
      expect(stepOf(steps, 'certificate-chain')?.evidence).toMatchObject({
        at: SIGNED.toISOString(),
        timeSource: 'rfc3161-timestamp',
      });
      expect(stepOf(steps, 'log-entry')?.evidence).toMatchObject({
        kind: 'hashedrekord 0.0.2',
        inclusionPromise: false,
        times: [{ at: SIGNED.toISOString(), source: 'rfc3161-timestamp' }],
      });
      expect(stepOf(steps, 'log-entry')?.evidence).not.toHaveProperty('integratedTime');
    });

    it.each<KeyType>(['P-384', 'P-521', 'RSA'])('is accepted with a key of type %s', async (type) => {
      const signer = PrivateKeySigner.generate(type);
      const made = await signArtifact(sigstore, content, { log: 'rekor-v2', signer });
      const digests = (['sha256', 'sha384', 'sha512'] as const).map((algorithm) => ({
        algorithm,
        digest: digest(algorithm, content),
      }));
      expect(judge(made, { artifact: { ...artifact, further: digests } })).toBe('verified');
    });

    it('says nothing of a time without its timestamp, whatever it claims', () => {
      expect(judge(withTimestamps(bundle, []))).toBe('TIME_MISSING');
      const claimed = { ...entryOf(bundle), integratedTimeSeconds: BigInt(SIGNED.getTime() / 1000) };
      expect(judge(withEntries(bundle, [claimed]))).toBe('SET_UNEXPECTED');
    });

    it('needs its proof, for its own index', () => {
      const { inclusionProof, ...bare } = entryOf(bundle);
      const proof = inclusionProof as NonNullable<typeof inclusionProof>;
      expect(judge(withEntries(bundle, [bare]))).toBe('INCLUSION_PROOF_MISSING');
      expect(judge(withEntries(bundle, [bare]), { options: { requireInclusionProof: false } })).toBe(
        'INCLUSION_PROOF_MISSING',
      );
      const moved = { ...entryOf(bundle), logIndex: proof.logIndex + 1n };
      expect(judge(withEntries(bundle, [moved]))).toBe('INCLUSION_PROOF_INVALID');
    });

    it('needs a checkpoint under the origin of the log, and takes one that witnesses have signed too', async () => {
      const entry = entryOf(bundle);
      const witness = cosigner('witness.test', PrivateKeySigner.generate('Ed25519'), () => SIGNED);
      const cosigned = await sigstore.logV2.add(entry.canonicalizedBody, [witness]);
      expect(cosigned.inclusionProof?.checkpoint).toContain('witness.test');
      expect(judge(withEntries(bundle, [cosigned]))).toBe('verified');
      const tlogs = sigstore.trustedRoot.tlogs.map((log) => ({ ...log, baseUrl: 'https://elsewhere.test' }));
      expect(judge(bundle, { trustedRoot: { ...sigstore.trustedRoot, tlogs } })).toBe('CHECKPOINT_INVALID');
    });

    it('has the line of the key that the trusted root names by its checkpoint key ID', () => {
      const named = (checkpointKeyId: Uint8Array): string => {
        const tlogs = sigstore.trustedRoot.tlogs.map((log) => ({ ...log, checkpointKeyId }));
        return judge(bundle, { trustedRoot: { ...sigstore.trustedRoot, tlogs } });
      };
      expect(named(sigstore.logV2.note.keyId)).toBe('verified');
      expect(named(new Uint8Array(32))).toBe('CHECKPOINT_INVALID');
    });

    it('is refused when log or authority was not trusted at that time; both ends of the window count as inside', () => {
      const { tlogs, timestampAuthorities } = sigstore.trustedRoot;
      const within = (start: Date, end: Date, what: 'tlogs' | 'timestampAuthorities'): string => {
        const validFor = { start, end };
        const trustedRoot: TrustedRoot = {
          ...sigstore.trustedRoot,
          ...(what === 'tlogs'
            ? { tlogs: tlogs.map((log) => ({ ...log, validFor })) }
            : { timestampAuthorities: timestampAuthorities.map((tsa) => ({ ...tsa, validFor })) }),
        };
        return judge(bundle, { trustedRoot });
      };
      const [before, after] = [new Date(SIGNED.getTime() - 1000), new Date(SIGNED.getTime() + 1000)];
      for (const what of ['tlogs', 'timestampAuthorities'] as const) {
        const code = what === 'tlogs' ? 'LOG_NOT_VALID' : 'TIMESTAMP_UNTRUSTED';
        expect(within(SIGNED, SIGNED, what)).toBe('verified');
        expect(within(after, NOW, what)).toBe(code);
        expect(within(new Date(0), before, what)).toBe(code);
      }
    });

    it('is refused with a timestamp over something else, of a stranger, of garbage, even beside a good one', async () => {
      const { timestampAuthority } = sigstore;
      const good = bundle.verificationMaterial.rfc3161Timestamps;
      const stranger = await MiniTimestampAuthority.create('stranger');
      const cases: [string, Uint8Array][] = [
        ['TIMESTAMP_INVALID', await timestampAuthority.timestamp(encodeUtf8('other'), SIGNED)],
        ['TIMESTAMP_UNTRUSTED', await stranger.timestamp(signatureOf(bundle), SIGNED)],
        ['TIMESTAMP_MALFORMED', encodeUtf8('garbage')],
      ];
      for (const [code, bad] of cases) {
        expect(judge(withTimestamps(bundle, [bad]))).toBe(code);
        expect(judge(withTimestamps(bundle, [...good, bad]))).toBe(code);
      }
    });

    it('is judged at every time there is: one good one does not heal another', async () => {
      const good = bundle.verificationMaterial.rfc3161Timestamps;
      const late = await sigstore.timestampAuthority.timestamp(
        signatureOf(bundle),
        new Date(ISSUED.getTime() + 601_000),
      );
      expect(judge(withTimestamps(bundle, [...good, late]))).toBe('CERTIFICATE_NOT_VALID');
      expect(judge(withTimestamps(bundle, [late, ...good]))).toBe('CERTIFICATE_NOT_VALID');
    });

    it('is refused when its time lies in the future', () => {
      expect(judge(bundle, { now: new Date(SIGNED.getTime() - DAY) })).toBe('INTEGRATED_TIME');
    });
  });

  describe('an artifact in Rekor v1', () => {
    it('may have a timestamp beside the promise, which must hold unless the trusted root has no authority', async () => {
      const bundle = await signArtifact(sigstore, content, { timestamped: true });
      expect(judge(bundle)).toBe('verified');
      expect(stepOf(verdict(bundle).steps, 'log-entry')?.evidence?.times).toHaveLength(2);
      const stranger = await MiniTimestampAuthority.create('stranger');
      const foreign = withTimestamps(bundle, [await stranger.timestamp(signatureOf(bundle), SIGNED)]);
      expect(judge(foreign)).toBe('TIMESTAMP_UNTRUSTED');
      expect(stepOf(verdict(foreign).steps, 'log-entry')?.reason).toMatch(
        /certified by ".*stranger.*", which/,
      );
      const none: TrustedRoot = { ...sigstore.trustedRoot, timestampAuthorities: [] };
      expect(judge(foreign, { trustedRoot: none })).toBe('verified');
      expect(stepOf(verdict(foreign, { trustedRoot: none }).steps, 'log-entry')?.reason).toContain(
        '1 timestamp passed over',
      );
    });

    it('does without the promise when a timestamp tells the time and the proof holds', async () => {
      const bundle = await signArtifact(sigstore, content, { timestamped: true });
      const { inclusionPromise: _, ...proved } = entryOf(bundle);
      expect(judge(withEntries(bundle, [proved]))).toBe('verified');
      // Time and index of the entry are then nobody's word: the verdict has the place that was proved.
      const { steps } = verdict(
        withEntries(bundle, [{ ...proved, logIndex: 7n, integratedTimeSeconds: 7n }]),
      );
      const facts = stepOf(steps, 'log-entry')?.evidence;
      expect(facts).toMatchObject({ logIndex: proved.inclusionProof?.logIndex.toString() });
      expect(facts).not.toHaveProperty('integratedTime');
      const { inclusionProof: __, ...nothing } = proved;
      expect(judge(withEntries(bundle, [nothing]), { options: { requireInclusionProof: false } })).toBe(
        'INCLUSION_PROOF_MISSING',
      );
    });
  });

  describe('a statement in an envelope', () => {
    const forms = [
      { log: 'rekor-v1', kind: 'dsse 0.0.1' },
      { log: 'rekor-v1', kind: 'intoto 0.0.1' },
      { log: 'rekor-v1', kind: 'intoto 0.0.2' },
      { log: 'rekor-v2' },
    ] as const;

    it.each(forms)('is accepted as $log $kind', async (form) => {
      const { verified, steps } = verdict(await signStatement(sigstore, statement, form));
      expect(verified).toBe(true);
      expect(stepOf(steps, 'signature')?.evidence).toMatchObject({
        signed: 'statement',
        predicateType: 'https://slsa.dev/provenance/v1',
      });
    });

    it.each(forms)('does not borrow the entry of another statement as $log $kind', async (form) => {
      const signer = PrivateKeySigner.generate('P-256');
      const mine = await signStatement(sigstore, statement, { ...form, signer });
      const other = await signStatement(sigstore, statementAbout(artifact.digest, 'https://other'), {
        ...form,
        signer,
      });
      expect(judge(withEntries(mine, [entryOf(other)]))).toBe('BODY_HASH');
    });

    it.each(forms)(
      'does not borrow the entry of another signature of the same statement as $log $kind',
      async (form) => {
        const [mine, other] = [
          await signStatement(sigstore, statement, form),
          await signStatement(sigstore, statement, form),
        ];
        expect(judge(withEntries(mine, [entryOf(other)]))).toMatch(/^BODY_(SIGNATURE|KEY)$/);
      },
    );

    it('is about the artifact, by a digest both have and by no digest that contradicts', async () => {
      const about = async (digests: Record<string, JsonValue>): Promise<string> =>
        judge(await signStatement(sigstore, { ...(statement as object), subject: [{ digest: digests }] }));
      const sha512 = encodeHex(digest('sha512', content));
      expect(await about({ sha512 })).toBe('verified');
      expect(await about({ sha512: sha512.toUpperCase() })).toBe('verified');
      expect(await about({ sha256: encodeHex(artifact.digest), sha512: '00' })).toBe('STATEMENT_SUBJECT');
      expect(await about({ sha1: '00' })).toBe('STATEMENT_SUBJECT');
      expect(await about({})).toBe('STATEMENT_SUBJECT');
      expect(await about({ sha256: 1 })).toBe('STATEMENT_MALFORMED');
    });

    it('has a subject of the artifact among others, up to a bound', async () => {
      const others = (count: number): JsonValue[] =>
        Array.from({ length: count }, (_, at) => ({ name: `${at}`, digest: { sha256: '00' } }));
      const own = { digest: { sha256: encodeHex(artifact.digest) } };
      const sign = (subject: JsonValue): Promise<Bundle> =>
        signStatement(sigstore, { ...(statement as object), subject });
      expect(judge(await sign([...others(1023), own]))).toBe('verified');
      expect(judge(await sign([...others(1024), own]))).toBe('STATEMENT_MALFORMED');
      expect(judge(await sign(others(3)))).toBe('STATEMENT_SUBJECT');
    });

    it('has the annotations of the subject that is the artifact, and of no other', async () => {
      const own = { digest: { sha256: encodeHex(artifact.digest) }, annotations: { stage: 'prod', n: 1 } };
      const other = { digest: { sha256: '00' }, annotations: { stage: 'test', team: 'a' } };
      const bundle = await signStatement(sigstore, { ...(statement as object), subject: [other, own] });
      const wanting = (annotations: Record<string, string>): string =>
        judge(bundle, { policy: compilePolicy({ anyIdentity: true, annotations }) });
      expect(wanting({ stage: 'prod' })).toBe('verified');
      expect(wanting({ stage: 'test' })).toBe('ANNOTATION_MISMATCH');
      expect(wanting({ team: 'a' })).toBe('ANNOTATION_MISMATCH');
      expect(wanting({ n: '1' })).toBe('ANNOTATION_MISMATCH');
    });

    it.each<[string, JsonValue]>([
      ['no object', []],
      ['another _type', { ...(statement as object), _type: 'https://in-toto.io/Link/v1' }],
      ['no predicate type', { ...(statement as object), predicateType: '' }],
      ['no subject', { ...(statement as object), subject: [] }],
      ['a subject that is none', { ...(statement as object), subject: ['app'] }],
    ])('is refused with %s', async (_, malformed) => {
      expect(judge(await signStatement(sigstore, malformed))).toBe('STATEMENT_MALFORMED');
    });

    it('is refused with a payload of another type, though that is what was signed', async () => {
      const bundle = await signStatement(sigstore, statement);
      const other = { ...bundle.content, payloadType: 'text/plain' } as Bundle['content'];
      expect(judge({ ...bundle, content: other })).toBe('SIGNATURE_INVALID');
    });

    it('may lack a predicate, which then is null, and names that are no texts make it malformed', async () => {
      const { predicate: _, ...bare } = statement as Record<string, JsonValue>;
      expect(judge(await signStatement(sigstore, bare))).toBe('verified');
      const sha256 = encodeHex(artifact.digest);
      expect(
        judge(await signStatement(sigstore, { ...bare, subject: [{ name: 7, digest: { sha256 } }] })),
      ).toBe('STATEMENT_MALFORMED');
    });

    it('has one signature, whoever read the envelope', async () => {
      const bundle = await signStatement(sigstore, statement);
      if (bundle.content.kind !== 'dsse') throw new Error('no envelope');
      const { signatures } = bundle.content;
      const two = { ...bundle.content, signatures: [...signatures, ...signatures] };
      expect(judge({ ...bundle, content: two })).toBe('EVIDENCE_MALFORMED');
      expect(judge({ ...bundle, content: { ...two, signatures: [] } })).toBe('EVIDENCE_MALFORMED');
    });

    it('is refused when the entry is about a bare artifact', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const mine = await signArtifact(sigstore, content, { signer });
      const envelope = await signStatement(sigstore, statement, { signer });
      expect(judge(withEntries(mine, [entryOf(envelope)]))).toBe('UNSUPPORTED');
      expect(judge(withEntries(envelope, [entryOf(mine)]))).toBe('BODY_HASH');
    });
  });

  describe('a signature by a key of the policy', () => {
    it.each(['rekor-v1', 'rekor-v2'] as const)('is accepted from %s, with or without a time', async (log) => {
      const signer = PrivateKeySigner.generate('P-256');
      const policy = compilePolicy({ key: signer.publicKey.toPem() });
      const bundle = await signArtifact(sigstore, content, { log, signer, managedKey: true });
      expect(judge(bundle, { policy })).toBe('verified');
      expect(judge(withTimestamps(bundle, []), { policy })).toBe('verified');
      const envelope = await signStatement(sigstore, statement, { log, signer, managedKey: true });
      expect(judge(envelope, { policy })).toBe('verified');
    });

    it('is refused with another key, without one, and for a policy that wants a person', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const bundle = await signArtifact(sigstore, content, { signer, managedKey: true });
      const other = compilePolicy({ key: PrivateKeySigner.generate('P-256').publicKey.toPem() });
      expect(judge(bundle, { policy: other })).toBe('SIGNATURE_INVALID');
      expect(judge(bundle)).toBe('KEY_MISSING');
      const certified = await signArtifact(sigstore, content, { signer });
      const own = compilePolicy({ key: signer.publicKey.toPem() });
      expect(judge(certified, { policy: own })).toBe('KEY_MISMATCH');
      expect(judge(withEntries(bundle, [entryOf(certified)]), { policy: own })).toBe('BODY_SIGNATURE');
      expect(judge(withEntries(bundle, []), { policy: own })).toBe('LOG_ENTRY_MISSING');
    });

    it('has the same hint in bundle and envelope, where both have one', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const policy = compilePolicy({ key: signer.publicKey.toPem() });
      const bundle = await signStatement(sigstore, statement, { signer, managedKey: true });
      const { key } = bundle.verificationMaterial;
      if (bundle.content.kind !== 'dsse' || key.kind !== 'publicKey') throw new Error('unexpected');
      const [signature] = bundle.content.signatures;
      const withKeyId = (keyId: string, hint: string): Bundle => ({
        ...bundle,
        content: { ...bundle.content, signatures: [{ ...signature, keyId }] } as Bundle['content'],
        verificationMaterial: { ...bundle.verificationMaterial, key: { kind: 'publicKey', hint } },
      });
      expect(judge(withKeyId(key.hint, key.hint), { policy })).toBe('verified');
      expect(judge(withKeyId('', key.hint), { policy })).toBe('verified');
      expect(judge(withKeyId('k', ''), { policy })).toBe('verified');
      expect(judge(withKeyId('k', key.hint), { policy })).toBe('EVIDENCE_MALFORMED');
    });

    it('is refused when the log is no longer trusted and nothing says when it was made', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const policy = compilePolicy({ key: signer.publicKey.toPem() });
      const bundle = await signArtifact(sigstore, content, { log: 'rekor-v2', signer, managedKey: true });
      const closed = { start: ISSUED, end: new Date(SIGNED.getTime() + DAY) };
      const tlogs = sigstore.trustedRoot.tlogs.map((log) => ({ ...log, validFor: closed }));
      const trustedRoot = { ...sigstore.trustedRoot, tlogs };
      expect(judge(bundle, { policy, trustedRoot })).toBe('verified');
      expect(judge(withTimestamps(bundle, []), { policy, trustedRoot })).toBe('LOG_NOT_VALID');
    });
  });

  describe('thresholds', () => {
    it('count logs, not entries', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const first = await signArtifact(sigstore, content, { signer, timestamped: true });
      const again = await sigstore.log.add(entryOf(first).canonicalizedBody, SIGNED);
      const two = withEntries(first, [entryOf(first), again]);
      expect(judge(two)).toBe('LOG_ENTRY_REPEATED');
      expect(judge(first, { options: { logThreshold: 2 } })).toBe('LOG_ENTRY_MISSING');
      const both = withEntries(first, [entryOf(first), await v2Twin(first)]);
      expect(judge(both, { options: { logThreshold: 2 } })).toBe('verified');
      const oneLog = sigstore.trustedRoot.tlogs.map((log) => ({ ...log, baseUrl: 'https://one.test' }));
      const merged = { ...sigstore.trustedRoot, tlogs: oneLog };
      expect(judge(both, { options: { logThreshold: 2 }, trustedRoot: merged })).toBe('LOG_ENTRY_MISSING');
    });

    it('ask every entry of a known log to hold, and pass over those of unknown logs', async () => {
      const first = await signArtifact(sigstore, content, { timestamped: true });
      const twin = await v2Twin(first);
      const proof = twin.inclusionProof as NonNullable<TransparencyLogEntry['inclusionProof']>;
      const broken = { ...twin, inclusionProof: { ...proof, treeSize: proof.treeSize + 1n } };
      expect(judge(withEntries(first, [entryOf(first), broken]))).toBe('CHECKPOINT_MISMATCH');
      const known = sigstore.trustedRoot.tlogs.slice(0, 1);
      const trustedRoot = { ...sigstore.trustedRoot, tlogs: known };
      expect(judge(withEntries(first, [broken, entryOf(first)]), { trustedRoot })).toBe('verified');
      expect(judge(withEntries(first, [twin]), { trustedRoot })).toBe('LOG_UNKNOWN');
    });

    it('count timestamp authorities, not timestamps', async () => {
      const other = await MiniTimestampAuthority.create('other');
      const bundle = await signArtifact(sigstore, content, { log: 'rekor-v2' });
      const own = [
        ...bundle.verificationMaterial.rfc3161Timestamps,
        await sigstore.timestampAuthority.timestamp(signatureOf(bundle), SIGNED),
      ];
      const options = { timestampThreshold: 2 };
      expect(judge(withTimestamps(bundle, own), { options })).toBe('TIMESTAMP_MISSING');
      const timestampAuthorities = [sigstore.timestampAuthority.authority, other.authority];
      const trustedRoot = { ...sigstore.trustedRoot, timestampAuthorities };
      const both = [...own, await other.timestamp(signatureOf(bundle), SIGNED)];
      expect(judge(withTimestamps(bundle, both), { options, trustedRoot })).toBe('verified');
    });

    it('can do without a log, never without a time', async () => {
      const bundle = await signArtifact(sigstore, content, { log: 'rekor-v2' });
      const unlogged = withEntries(bundle, []);
      expect(judge(unlogged)).toBe('LOG_ENTRY_MISSING');
      expect(judge(unlogged, { options: { logThreshold: 0 } })).toBe('verified');
      expect(judge(withTimestamps(unlogged, []), { options: { logThreshold: 0 } })).toBe('TIME_MISSING');
    });

    /** The entry a Rekor v2 log would have of the same signature. */
    async function v2Twin(bundle: Bundle): Promise<TransparencyLogEntry> {
      const { key } = bundle.verificationMaterial;
      if (key.kind !== 'certificate' || key.certificates[0] === undefined) throw new Error('no certificate');
      return sigstore.logV2.add(
        canonicalHashedRekordV002({
          algorithm: { name: 'PKIX_ECDSA_P256_SHA_256', hash: 'sha256' },
          digest: artifact.digest,
          signature: signatureOf(bundle),
          verifier: { form: 'x509Certificate', rawBytes: key.certificates[0] },
        }),
      );
    }
  });

  describe('revocations', () => {
    const list = (from: Date, identity = IDENTITY): Given => ({
      options: {
        revocations: {
          sequence: 1,
          issuedAt: NOW,
          nextUpdate: new Date(NOW.getTime() + DAY),
          revocations: [
            { target: { kind: 'identity', identity }, from, reason: 'keyCompromise', revokedAt: NOW },
          ],
        },
      },
    });

    it('refuse what was signed from then on, and nothing that was signed before', async () => {
      const bundle = await signArtifact(sigstore, content);
      expect(judge(bundle, list(SIGNED))).toBe('CERTIFICATE_REVOKED');
      expect(judge(bundle, list(new Date(SIGNED.getTime() + 1)))).toBe('verified');
      expect(judge(bundle, list(SIGNED, 'somebody@else.test'))).toBe('verified');
    });

    it('refuse a managed key from then on, and at a time nobody vouches for', async () => {
      const signer = PrivateKeySigner.generate('P-256');
      const bundle = await signArtifact(sigstore, content, { log: 'rekor-v2', signer, managedKey: true });
      const other = PrivateKeySigner.generate('P-256').publicKey;
      const policy = compilePolicy({ key: [signer.publicKey.toPem(), other.toPem()] });
      const revoked = (from: Date, { keyId }: { keyId: Uint8Array } = signer.publicKey): Given => {
        const { options } = list(from);
        const target = { kind: 'key', keyHash: keyId } as const;
        const revocations = {
          ...(options?.revocations as NonNullable<VerificationOptions['revocations']>),
          revocations: [{ target, from, reason: 'keyCompromise', revokedAt: NOW } as const],
        };
        return { policy, options: { revocations } };
      };
      const later = new Date(SIGNED.getTime() + 1);
      expect(judge(bundle, revoked(SIGNED))).toBe('KEY_REVOKED');
      expect(judge(bundle, revoked(later))).toBe('verified');
      expect(judge(bundle, revoked(SIGNED, other))).toBe('verified');
      expect(judge(withTimestamps(bundle, []), revoked(later))).toBe('KEY_REVOKED');
    });

    it('go by the latest time that is known: an earlier one does not save it', async () => {
      const bundle = await signArtifact(sigstore, content);
      const later = new Date(SIGNED.getTime() + 60_000);
      const stamped = withTimestamps(bundle, [
        await sigstore.timestampAuthority.timestamp(signatureOf(bundle), later),
      ]);
      expect(judge(stamped, list(later))).toBe('CERTIFICATE_REVOKED');
    });
  });
});
