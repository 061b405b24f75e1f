import { values, variants, type CaseGroup } from '../golden-case.ts';

function issuerOf(url: string, settings: string): string {
  return `oidc-issuers:
  ${url}:
    issuer-url: ${url}
    client-id: sigstore
    ${settings}
`;
}

const spire = {
  configuration: issuerOf(
    'https://spire.example.org',
    'type: spiffe\n    spiffe-trust-domain: prod.example.org',
  ),
  claims: { iss: 'https://spire.example.org' },
};

export const spiffe: CaseGroup = {
  folder: 'spiffe',
  cases: values(spire, 'sub', {
    workload: 'spiffe://prod.example.org/ns/default/sa/builder',
    'trust-domain-only': 'spiffe://prod.example.org',
    'all-path-characters': 'spiffe://prod.example.org/a-Z_0.9/b',
    'other-trust-domain': 'spiffe://dev.example.org/ns/default',
    'sub-domain-of-trust-domain': 'spiffe://a.prod.example.org/x',
    'capital-trust-domain': 'spiffe://PROD.example.org/x',
    'capital-scheme': 'SPIFFE://prod.example.org/x',
    'other-scheme': 'https://prod.example.org/x',
    'trailing-slash': 'spiffe://prod.example.org/x/',
    'empty-segment': 'spiffe://prod.example.org//x',
    'dot-segment': 'spiffe://prod.example.org/a/../b',
    'escape-in-path': 'spiffe://prod.example.org/a%20b',
    query: 'spiffe://prod.example.org/a?b=c',
    fragment: 'spiffe://prod.example.org/a#b',
    port: 'spiffe://prod.example.org:8443/a',
    'user-information': 'spiffe://user@prod.example.org/a',
    unicode: 'spiffe://prod.example.org/bäcker',
    'empty-subject': '',
    'no-subject': undefined,
    'long-path': `spiffe://prod.example.org/${'a'.repeat(2100)}`,
  }),
};

const people = {
  configuration: issuerOf(
    'https://accounts.example.com',
    'type: uri\n    subject-domain: https://users.example.com',
  ),
  claims: { iss: 'https://accounts.example.com' },
};

export const uri: CaseGroup = {
  folder: 'uri',
  cases: values(people, 'sub', {
    user: 'https://users.example.com/octocat',
    'host-only': 'https://users.example.com',
    'root-path': 'https://users.example.com/',
    port: 'https://users.example.com:8443/octocat',
    query: 'https://users.example.com/a?b=c&d=e%20f',
    'empty-query': 'https://users.example.com/a?',
    fragment: 'https://users.example.com/a#b',
    'user-information': 'https://user:secret@users.example.com/a',
    'dot-segment': 'https://users.example.com/a/../b//c',
    'escaped-path': 'https://users.example.com/a%2Fb%20c',
    'lower-case-escape': 'https://users.example.com/a%c3%bc',
    'broken-escape': 'https://users.example.com/a%zz',
    'unicode-path': 'https://users.example.com/jürgen',
    'space-in-path': 'https://users.example.com/a b',
    'reserved-characters': "https://users.example.com/a;b=c,d:e@f!g$h&i'j(k)l*m+n",
    'odd-characters': 'https://users.example.com/a"b<c>d[e]f^g`h{i|j}k\\l',
    'unicode-query': 'https://users.example.com/?name=jürgen',
    'unicode-fragment': 'https://users.example.com/#jürgen',
    'capital-host': 'https://USERS.example.com/a',
    'capital-scheme': 'HTTPS://users.example.com/a',
    'other-host': 'https://evil.example.com/a',
    'host-as-prefix': 'https://users.example.com.evil.org/a',
    'other-scheme': 'http://users.example.com/a',
    'no-scheme': 'users.example.com/a',
    'e-mail-address': 'octocat@users.example.com',
    'line-break': 'https://users.example.com/a\n',
    'space-before': ' https://users.example.com/a',
    'empty-subject': '',
    'no-subject': undefined,
  }),
};

const accounts = {
  configuration: issuerOf('https://accounts.example.com', 'type: username\n    subject-domain: example.com'),
  claims: { iss: 'https://accounts.example.com' },
};

export const username: CaseGroup = {
  folder: 'username',
  cases: [
    ...values(accounts, 'sub', {
      name: 'octocat',
      'capitals-and-dots': 'Octo.Cat_2-x',
      unicode: 'jürgen',
      space: 'octo cat',
      'long-name': 'a'.repeat(200),
      'exclamation-mark': 'octo!cat',
      'e-mail-address': 'octocat@example.com',
      'at-sign': 'octocat@host',
      'empty-subject': '',
      'no-subject': undefined,
      'line-break': 'octo\ncat',
    }),
    { ...accounts, name: 'with-timestamp', claims: { ...accounts.claims, sub: 'octocat' }, log: true },
  ],
};

const eks = {
  claims: {
    iss: 'https://oidc.eks.us-west-2.amazonaws.com/id/B02C93B6A2D30341AD01E1B6D48164CB',
    sub: 'system:serviceaccount:builds:builder',
    'kubernetes.io': {
      namespace: 'builds',
      pod: { name: 'builder-7', uid: '49ad3572-b3dd-43a6-8d77-5858d3660275' },
      serviceaccount: { name: 'builder', uid: 'f5720c1d-e152-4356-a897-11b07aff165d' },
    },
  },
};

const account = (namespace: unknown, name: unknown) => ({
  'kubernetes.io': { namespace, serviceaccount: { name } },
});

const CLUSTER = issuerOf('https://cluster.example.com', 'type: kubernetes');
const AKS = 'https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555';

export const kubernetes: CaseGroup = {
  folder: 'kubernetes',
  cases: [
    ...variants(eks, {
      eks: {},
      gke: {
        iss: 'https://container.googleapis.com/v1/projects/octo/locations/us-west1-b/clusters/builds',
      },
      aks: { iss: `${AKS}/66666666-7777-8888-9999-000000000000` },
      'aks-trailing-slash': { iss: `${AKS}/66666666-7777-8888-9999-000000000000/` },
      'aks-without-region': { iss: 'https://oidc.prod-aks.azure.com/66666666-7777-8888-9999-000000000000' },
      'eks-audience-list': { aud: ['sts.amazonaws.com', 'sigstore'] },
      'eks-without-pod': account('builds', 'builder'),
      'no-subject': { sub: undefined },
      'other-subject': { sub: 'anything at all' },
      'empty-namespace': account('', 'builder'),
      'empty-service-account': account('builds', ''),
      'claim-absent': { 'kubernetes.io': undefined },
      'claim-null': { 'kubernetes.io': null },
      'namespace-absent': { 'kubernetes.io': { serviceaccount: { name: 'builder' } } },
      'service-account-absent': { 'kubernetes.io': { namespace: 'builds' } },
      'namespace-number': account(7, 'builder'),
      'claim-text': { 'kubernetes.io': 'builds' },
      'dots-in-name': account('builds', 'builder.v1'),
      'path-in-namespace': account('builds/serviceaccounts/admin', 'builder'),
      'dot-segments-in-name': account('builds', '../../kube-system/serviceaccounts/admin'),
      'query-in-name': account('builds', 'builder?x=y'),
      'fragment-in-name': account('builds', 'builder#x'),
      'unicode-name': account('builds', 'bäcker'),
      'space-in-name': account('builds', 'a b'),
      'broken-escape-in-name': account('builds', 'a%zz'),
      'escape-in-name': account('builds', 'a%2Fb'),
      'line-break-in-name': account('builds', 'a\nb'),
    }),
    {
      name: 'fixed-issuer',
      configuration: CLUSTER,
      claims: { ...eks.claims, iss: 'https://cluster.example.com' },
    },
    { ...eks, name: 'eks-with-timestamp', log: true },
  ],
};

const chainguardClaims = {
  claims: {
    iss: 'https://issuer.enforce.dev',
    sub: '720909c9f5279097d847ad02a2f24ba8f59de36a/a033a6fabe0bfa0d',
    act: { iss: 'https://iss.example.com/', sub: 'user' },
    internal: { 'service-principal': 'COSIGNED' },
  },
};

export const chainguardIdentity: CaseGroup = {
  folder: 'chainguard-identity',
  cases: [
    ...variants(chainguardClaims, {
      identity: {},
      'without-actor': { act: undefined, internal: undefined },
      'verified-email': { email: 'dev@example.org', email_verified: true },
      'unverified-email': { email: 'dev@example.org', email_verified: false },
      'email-without-verification': { email: 'dev@example.org' },
      'actor-of-other-values': { act: { depth: 1 } },
      'internal-text': { internal: 'x' },
    }),
    ...values(chainguardClaims, 'sub', {
      'plain-subject': 'abcdef',
      'dot-segments': 'a/../../b',
      'double-slash': 'a//b',
      'leading-slash': '/a',
      'trailing-slash': 'a/',
      query: 'a?b=c',
      fragment: 'a#b',
      space: 'a b',
      unicode: 'bäcker',
      escape: 'a%2Fb',
      'broken-escape': 'a%zz',
      'reserved-characters': "a;b=c,d:e@f!g$h&i'j(k)l*m+n",
      'odd-characters': 'a"b<c>d[e]f^g`h{i|j}k\\l',
      'empty-subject': '',
      'no-subject': undefined,
    }),
  ],
};
