import { values, variants, type CaseGroup } from '../golden-case.ts';

const base = {
  claims: {
    iss: 'https://accounts.google.com',
    sub: '112233445566778899001',
    email: 'dev@example.org',
    email_verified: true,
  },
};

const OVER = Date.UTC(2020, 0, 1) / 1000;
const FAR = Date.UTC(2099, 0, 1) / 1000;

/** What every token is asked, whatever the type of its issuer. */
export const token: CaseGroup = {
  folder: 'token',
  cases: [
    ...values(base, 'aud', {
      'audience-list': ['other', 'sigstore'],
      'audience-other': 'other',
      'audience-list-without-ours': ['other', 'another'],
      'audience-empty-list': [],
      'audience-in-capitals': 'Sigstore',
      'audience-number': 7,
    }),
    ...variants(base, {
      expired: { exp: OVER },
      'expiry-zero': { exp: 0 },
      'expiry-text': { exp: '4070908800' },
      'not-yet-valid': { nbf: FAR },
      'issued-in-the-future': { iat: FAR },
      'subject-number': { sub: 7 },
    }),
    ...values(base, 'iss', {
      'issuer-unknown': 'https://issuer.example.net',
      'issuer-with-trailing-slash': 'https://accounts.google.com/',
      'issuer-in-capitals': 'https://ACCOUNTS.google.com',
      'issuer-of-meta-host-with-path':
        'https://evil.example.net/?https://oidc.eks.us-west-2.amazonaws.com/id/X',
      'issuer-of-meta-with-dot': 'https://oidc.eks.us.west.amazonaws.com/id/X',
      'issuer-of-meta-with-more-path': 'https://oidc.eks.us-west-2.amazonaws.com/id/X/Y',
      'issuer-empty': '',
    }),
  ],
};
