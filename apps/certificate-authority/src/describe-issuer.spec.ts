import { describe, expect, it } from '@jest/globals';
import { parseIssuerConfiguration } from '@sigstead/oidc';
import { describeIssuer } from './describe-issuer.ts';

const { issuers, metaIssuers } = parseIssuerConfiguration(`
oidc-issuers:
  https://accounts.example.com: { client-id: sigstore, type: email, skip-email-verification: true }
  https://token.example.com: { client-id: sigstore, preset: github, challenge-claim: job }
  https://spire.example.com: { client-id: spire, type: spiffe, spiffe-trust-domain: example.com }
  https://users.example.com: { client-id: sigstore, type: username, subject-domain: example.com }
meta-issuers:
  https://oidc.eks.*.amazonaws.com/id/*: { client-id: sigstore, type: kubernetes }
`);

/** What proto3 JSON writes for a field nobody set. */
const unset = {
  challengeClaim: 'sub',
  spiffeTrustDomain: '',
  subjectDomain: '',
  skipEmailVerification: false,
};

describe('the description of an issuer', () => {
  it('names the issuer and what its type sets, and all else as unset', () => {
    expect(issuers.map(describeIssuer)).toEqual([
      {
        ...unset,
        issuerUrl: 'https://accounts.example.com',
        audience: 'sigstore',
        issuerType: 'email',
        challengeClaim: 'email',
        skipEmailVerification: true,
      },
      {
        ...unset,
        issuerUrl: 'https://token.example.com',
        audience: 'sigstore',
        issuerType: 'ci-provider',
        challengeClaim: 'job',
      },
      {
        ...unset,
        issuerUrl: 'https://spire.example.com',
        audience: 'spire',
        issuerType: 'spiffe',
        spiffeTrustDomain: 'example.com',
      },
      {
        ...unset,
        issuerUrl: 'https://users.example.com',
        audience: 'sigstore',
        issuerType: 'username',
        subjectDomain: 'example.com',
      },
    ]);
  });

  it('names a meta issuer by its pattern', () => {
    expect(metaIssuers.map(describeIssuer)).toEqual([
      {
        ...unset,
        wildcardIssuerUrl: 'https://oidc.eks.*.amazonaws.com/id/*',
        audience: 'sigstore',
        issuerType: 'kubernetes',
      },
    ]);
  });
});
