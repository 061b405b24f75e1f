import type { RefusedConfiguration } from '../golden-case.ts';

function issuer(settings: string, url = 'https://accounts.example.com'): string {
  return `oidc-issuers:
  ${url}:
    issuer-url: ${url}
    client-id: sigstore
${settings.replaceAll(/^/gm, '    ')}
`;
}

function template(text: string): string {
  return `${issuer('type: ci-provider\nci-provider: example')}ci-issuer-metadata:
  example:
    extension-templates:
      build-trigger: ${JSON.stringify(text)}
    subject-alternative-name-template: "https://ci.example.com"
`;
}

const CASES: Readonly<Record<string, string>> = {
  'spiffe-without-trust-domain': issuer('type: spiffe'),
  'spiffe-with-malformed-trust-domain': issuer('type: spiffe\nspiffe-trust-domain: "a b"'),
  'uri-without-subject-domain': issuer('type: uri'),
  'uri-subject-domain-without-scheme': issuer('type: uri\nsubject-domain: example.com'),
  'uri-subject-domain-of-another-scheme': issuer('type: uri\nsubject-domain: http://example.com'),
  'uri-subject-domain-elsewhere': issuer('type: uri\nsubject-domain: https://example.org'),
  'uri-subject-domain-too-short': issuer('type: uri\nsubject-domain: https://com'),
  'username-without-subject-domain': issuer('type: username'),
  'username-subject-domain-with-scheme': issuer('type: username\nsubject-domain: https://example.com'),
  'username-subject-domain-elsewhere': issuer('type: username\nsubject-domain: example.org'),
  'issuer-claim-of-another-type': issuer('type: kubernetes\nissuer-claim: $.x'),
  'type-unknown': issuer('type: unheard-of'),
  'type-absent': issuer('description: none'),
  'ca-certificate-malformed': issuer('type: email\nca-cert: nonsense'),
  'meta-issuer-of-spiffe': `meta-issuers:
  https://*.example.com:
    client-id: sigstore
    type: spiffe
    spiffe-trust-domain: example.com
`,
  'template-not-closed': template('{{ .x'),
  'template-without-end': template('{{if .x}}a'),
  'template-of-unknown-function': template('{{ nothing .x }}'),
  'not-a-mapping': '- one\n- two\n',
  'issuers-not-a-mapping': 'oidc-issuers: text\n',
  'not-yaml': 'oidc-issuers: [}\n',
};

export const refusedConfigurations: readonly RefusedConfiguration[] = Object.entries(CASES).map(
  ([name, configuration]) => ({ name, configuration }),
);
