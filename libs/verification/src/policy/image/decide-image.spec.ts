import { PrivateKeySigner, type PublicKey } from '@sigstead/crypto';
import type { JsonValue } from '@sigstead/encoding';
import { describe, expect, it } from '@jest/globals';
import { STATEMENT_TYPES } from '../../statement.ts';
import { IMAGE_SIGNATURE_TYPE } from '../rules/predicate-type-rules.ts';
import { decideImage, type ImageDecision, type VerifiedSignature } from './decide-image.ts';
import { readImagePolicyDocument } from './image-policy-document.ts';
import { compileImagePolicy, type ImagePolicy } from './image-policy.ts';

const issuer = 'https://issuer.test';
const newKey = (): PublicKey => PrivateKeySigner.generate('P-256').publicKey;

let serial = 0;
function by(identity: string, change: Partial<VerifiedSignature> = {}): VerifiedSignature {
  const signer = { identity, identityType: 'email', issuer, claims: { issuer } } as const;
  serial += 1;
  return {
    source: `signature ${serial}`,
    subject: { signer, statement: undefined, annotations: {} },
    key: newKey(),
    ...change,
  };
}

function attested(identity: string, predicateType: string, predicate: JsonValue = {}): VerifiedSignature {
  const signature = by(identity);
  return {
    ...signature,
    subject: {
      ...signature.subject,
      statement: { type: STATEMENT_TYPES[0] as string, predicateType, subjects: [], predicate },
    },
  };
}

function policy(spec: Record<string, JsonValue>): ImagePolicy {
  return compileImagePolicy(
    readImagePolicyDocument({
      apiVersion: 'sigstead.dev/v1',
      kind: 'ImagePolicy',
      metadata: { name: 'release' },
      spec: { images: ['**'], ...spec },
    }),
  );
}

const signer = (name: string, identity = `${name}@acme.test`): Record<string, JsonValue> => ({
  name,
  identity,
  issuer,
});
const anyone = (name: string): Record<string, JsonValue> => ({
  name,
  identityRegexp: '@acme\\.test$',
  issuer,
});
const two = policy({ signers: [signer('ada'), signer('bob')] });

const image = ({ requirements }: ImageDecision): ImageDecision['requirements'][number] => {
  const [first] = requirements;
  if (first === undefined) throw new Error('a policy asks for something');
  return first;
};
const isMet = (asked: ImagePolicy, ...signatures: VerifiedSignature[]): boolean =>
  decideImage(asked, signatures).satisfied;

describe('decideImage', () => {
  it('takes signatures of everybody asked for, and says who', () => {
    const decision = decideImage(two, [by('eve@evil.test'), by('bob@acme.test'), by('ada@acme.test')]);
    expect(decision).toMatchObject({ policy: 'release', mode: 'enforce', satisfied: true });
    expect(image(decision).reason).toBe('signed by ada (ada@acme.test), bob (bob@acme.test)');
    expect(image(decision).signers.map(({ source }) => source)).toEqual([
      `signature ${serial}`,
      `signature ${serial - 1}`,
    ]);
  });

  it('refuses when one is missing, and says what came closest', () => {
    const decision = decideImage(two, [by('ada@acme.test'), by('eve@evil.test')]);
    expect(decision.satisfied).toBe(false);
    expect(image(decision).reason).toMatch(
      /^signed by 1 signer of those expected, 2 of 2 are needed: bob: identity/,
    );
    expect(image(decision).signers[1]).toMatchObject({ name: 'bob', met: false, code: 'IDENTITY_MISMATCH' });
  });

  it('says when there is no verified signature at all', () => {
    const decision = decideImage(two, []);
    expect(decision.satisfied).toBe(false);
    expect(image(decision).signers[0]).toMatchObject({
      code: 'SIGNERS_MISSING',
      reason: 'there is no verified signature',
    });
  });

  it('takes as many as the threshold asks', () => {
    const oneOfTwo = policy({ signers: [signer('ada'), signer('bob')], threshold: 1 });
    expect(isMet(oneOfTwo, by('bob@acme.test'))).toBe(true);
    expect(isMet(oneOfTwo, by('eve@evil.test'))).toBe(false);
  });

  describe('counts nobody twice', () => {
    const pair = policy({ signers: [anyone('release'), anyone('security')] });

    it('for two signatures of one identity', () => {
      const decision = decideImage(pair, [by('ada@acme.test'), by('ada@acme.test')]);
      expect(decision.satisfied).toBe(false);
      expect(image(decision).signers[1]?.reason).toBe(
        'only ada@acme.test would do, who counts for another signer already',
      );
      expect(isMet(pair, by('ada@acme.test'), by('bob@acme.test'))).toBe(true);
    });

    it('for one signature found twice', () => {
      const signature = by('ada@acme.test');
      expect(isMet(pair, signature, signature, { ...signature, source: 'elsewhere' })).toBe(false);
    });

    it('for one managed key', () => {
      const key = newKey();
      const other = newKey();
      const keys = policy({
        signers: [
          { name: 'a', key: [key.toPem(), other.toPem()] },
          { name: 'b', key: [key.toPem(), other.toPem()] },
        ],
      });
      const byKey = (which: PublicKey): VerifiedSignature => ({
        source: 'key',
        subject: { signer: undefined, key: which, statement: undefined, annotations: {} },
        key: which,
      });
      expect(isMet(keys, byKey(key), byKey(key))).toBe(false);
      expect(isMet(keys, byKey(key), byKey(other))).toBe(true);
    });

    it('for one key that was certified for several identities, joined one by one', () => {
      const key = newKey();
      const other = newKey();
      const chain = [
        by('ada@acme.test', { key }),
        by('bob@acme.test', { key: other }),
        by('ada@acme.test', { key: other }),
      ];
      expect(isMet(pair, ...chain)).toBe(false);
      expect(isMet(pair, by('ada@acme.test', { key }), by('bob@acme.test', { key }))).toBe(false);
    });

    it('though the same identity of another issuer is somebody else', () => {
      const both = policy({
        signers: [
          { name: 'a', anyIdentity: true },
          { name: 'b', anyIdentity: true },
        ],
      });
      const elsewhere = by('ada@acme.test');
      const subject = { ...elsewhere.subject };
      const other = {
        ...elsewhere,
        subject: {
          ...subject,
          signer: { ...subject.signer, issuer: 'https://other.test' } as typeof subject.signer,
        },
      };
      expect(isMet(both, by('ada@acme.test'), other)).toBe(true);
    });
  });

  it('does not give away the only one a signer can have', () => {
    const loose = policy({ signers: [anyone('whoever'), signer('ada')] });
    expect(isMet(loose, by('ada@acme.test'), by('bob@acme.test'))).toBe(true);
    expect(isMet(loose, by('bob@acme.test'), by('ada@acme.test'))).toBe(true);
    const three = policy({ signers: [anyone('x'), anyone('y'), signer('ada')], threshold: 3 });
    expect(isMet(three, by('ada@acme.test'), by('bob@acme.test'))).toBe(false);
    expect(isMet(three, by('ada@acme.test'), by('bob@acme.test'), by('cy@acme.test'))).toBe(true);
  });

  describe('and attestations', () => {
    const vuln = 'https://cosign.sigstore.dev/attestation/vuln/v1';
    const needs = policy({
      signers: [signer('ada')],
      attestations: [
        {
          name: 'scan',
          predicateType: 'vuln',
          signers: [signer('scanner')],
          predicate: [{ path: 'results[*].severity', equals: 'CRITICAL', match: 'none' }],
        },
      ],
    });

    it('wants them beside the signature', () => {
      expect(isMet(needs, by('ada@acme.test'), attested('scanner@acme.test', vuln, { results: [] }))).toBe(
        true,
      );
      const decision = decideImage(needs, [by('ada@acme.test')]);
      expect(decision.satisfied).toBe(false);
      expect(decision.requirements[1]?.reason).toMatch(
        /^attested \(scan\) by none of those expected: scanner/,
      );
    });

    it('judges what they say', () => {
      const bad = attested('scanner@acme.test', vuln, { results: [{ severity: 'CRITICAL' }] });
      const decision = decideImage(needs, [by('ada@acme.test'), bad]);
      expect(decision.satisfied).toBe(false);
      expect(decision.requirements[1]?.signers[0]).toMatchObject({ code: 'PREDICATE_MISMATCH' });
    });

    it('does not take them for signatures, nor signatures for them', () => {
      expect(isMet(policy({ signers: [signer('ada')] }), attested('ada@acme.test', vuln))).toBe(false);
      expect(
        isMet(policy({ signers: [signer('ada')] }), attested('ada@acme.test', IMAGE_SIGNATURE_TYPE)),
      ).toBe(true);
      expect(isMet(needs, by('ada@acme.test'), by('scanner@acme.test'))).toBe(false);
    });

    it('takes them for signatures where a signer names the type', () => {
      const named = policy({ signers: [{ ...signer('ada'), predicateType: 'vuln' }] });
      expect(isMet(named, attested('ada@acme.test', vuln))).toBe(true);
      expect(isMet(named, by('ada@acme.test'))).toBe(false);
    });

    it('asks provenance who started the build', () => {
      const built = policy({
        attestations: [{ name: 'p', predicateType: 'slsaprovenance', signers: [signer('ci')], actor: 'ada' }],
      });
      const by02 = (environment: JsonValue): VerifiedSignature =>
        attested('ci@acme.test', 'https://slsa.dev/provenance/v0.2', { invocation: { environment } });
      expect(isMet(built, by02({ github_actor: 'ada' }))).toBe(true);
      expect(isMet(built, by02({ github_actor: 'eve' }))).toBe(false);
      expect(image(decideImage(built, [by02({})])).signers[0]?.code).toBe('ACTOR_UNKNOWN');
    });
  });

  it('counts only what was verified with a trusted root it names', () => {
    const named = policy({ signers: [signer('ada')], trustRoots: ['private'] });
    expect(isMet(named, by('ada@acme.test', { trustRoot: 'private' }))).toBe(true);
    expect(isMet(named, by('ada@acme.test', { trustRoot: 'public' }))).toBe(false);
    expect(isMet(named, by('ada@acme.test'))).toBe(false);
  });

  it('says nothing that a terminal would obey', () => {
    const decision = decideImage(policy({ signers: [anyone('x')], threshold: 1 }), [
      by('\u001b[2J@acme.test'),
    ]);
    expect(JSON.stringify(decision)).not.toMatch(/\\u001b/);
    expect(decision.satisfied).toBe(true);
  });
});
