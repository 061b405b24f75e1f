import { values, variants, type CaseGroup } from '../golden-case.ts';

const google = {
  claims: {
    iss: 'https://accounts.google.com',
    sub: '112233445566778899001',
    email: 'dev@example.org',
    email_verified: true,
  },
};

const dex = {
  claims: {
    iss: 'https://oauth2.sigstore.dev/auth',
    sub: 'CgYxMjM0NTYSBmdpdGh1Yg',
    email: 'octocat@example.org',
    email_verified: true,
    federated_claims: { connector_id: 'https://github.com/login/oauth', user_id: '123456' },
  },
};

const SKIPPING = `oidc-issuers:
  https://login.example.com/tenant/v2.0:
    issuer-url: https://login.example.com/tenant/v2.0
    client-id: sigstore
    type: email
    skip-email-verification: true
`;

const skipping = {
  configuration: SKIPPING,
  claims: { iss: 'https://login.example.com/tenant/v2.0', sub: 'AAAA-bbbb', email: 'dev@example.com' },
};

function issuerClaim(path: string): string {
  return `oidc-issuers:
  https://dex.example.com:
    issuer-url: https://dex.example.com
    client-id: sigstore
    type: email
    issuer-claim: ${JSON.stringify(path)}
`;
}

const federated = {
  iss: 'https://dex.example.com',
  sub: 'user-1',
  email: 'dev@example.com',
  email_verified: true,
  upstream: { name: 'https://idp.example.com', 'with-dash': 'https://dash.example.com' },
  chain: ['https://first.example.com', 'https://second.example.com'],
};

export const email: CaseGroup = {
  folder: 'email',
  cases: [
    ...variants(google, {
      plain: {},
      'issuer-with-path': { iss: 'https://www.kaggle.com/api/v1/models/signing' },
      'verified-as-text': { email_verified: 'true' },
      'verified-as-capitalised-text': { email_verified: 'True' },
      'name-of-claim-in-capitals': { email: undefined, Email: 'dev@example.org' },
      'without-subject': { sub: undefined },
      'empty-subject': { sub: '' },
      'unicode-subject': { sub: 'jürgen – 開発' },
      'subject-with-line-break': { sub: 'a\nb' },
      'not-verified': { email_verified: false },
      'verification-absent': { email_verified: undefined },
      'verified-as-number': { email_verified: 1 },
      'verified-as-yes': { email_verified: 'yes' },
      'without-email': { email: undefined },
    }),
    ...values(google, 'email', {
      'tagged-address': 'Dev.Ops+Tag_1@Sub.Example.ORG',
      'special-characters': "o'hara!#$%&*/=?^`{|}~@example.org",
      'quoted-local-part': '"dev ops"@example.org',
      'single-label-domain': 'root@localhost',
      'address-literal': 'dev@[127.0.0.1]',
      'underscore-in-domain': 'dev@ex_ample.org',
      'dash-at-label-end': 'dev@example-.org',
      'dot-at-local-end': 'dev.@example.org',
      'two-dots': 'dev..ops@example.org',
      'trailing-dot-domain': 'dev@example.org.',
      'unicode-local-part': 'jürgen@example.org',
      'unicode-domain': 'dev@exämple.org',
      'long-address': `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example.org`,
      'long-local-part': `${'a'.repeat(65)}@example.org`,
      'email-empty': '',
      'email-as-number': 7,
      'email-as-list': ['dev@example.org'],
      'no-at-sign': 'example.org',
      'line-break': 'dev@example.org\n',
      'nul-character': 'dev\u0000@example.org',
      'space-before': ' dev@example.org',
      'two-addresses': 'dev@example.org,ops@example.org',
    }),
    ...variants(dex, {
      'dex-connector': {},
      'dex-connector-missing': { federated_claims: { user_id: '123456' } },
      'dex-federated-claims-missing': { federated_claims: undefined },
      'dex-connector-empty': { federated_claims: { connector_id: '' } },
      'dex-connector-number': { federated_claims: { connector_id: 7 } },
      'dex-connector-boolean': { federated_claims: { connector_id: true } },
      'dex-connector-null': { federated_claims: { connector_id: null } },
      'dex-connector-list': { federated_claims: { connector_id: ['a', 'b'] } },
    }),
    ...variants(skipping, {
      'skip-verification': {},
      'skip-verification-of-unverified': { email_verified: false },
      'skip-verification-with-nonsense': { email_verified: 'yes' },
      'skip-verification-without-email': { email: undefined },
    }),
    { name: 'issuer-claim-member', configuration: issuerClaim('$.upstream.name'), claims: federated },
    {
      name: 'issuer-claim-quoted-member',
      configuration: issuerClaim('$.upstream["with-dash"]'),
      claims: federated,
    },
    { name: 'issuer-claim-list-element', configuration: issuerClaim('$.chain[1]'), claims: federated },
    { name: 'issuer-claim-absent', configuration: issuerClaim('$.nothing.here'), claims: federated },
  ],
};
