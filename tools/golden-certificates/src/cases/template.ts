import { values, variants, type CaseGroup, type GoldenCase } from '../golden-case.ts';

/** A provider of our own that puts one claim into an extension and one into the identity. */
function provider(extensionTemplates: Record<string, string>, identity = '{{ .url }}/{{ .flow }}'): string {
  const templates = Object.entries(extensionTemplates).map(
    ([key, template]) => `      ${key}: ${JSON.stringify(template)}\n`,
  );
  return `oidc-issuers:
  https://ci.example.com:
    issuer-url: https://ci.example.com
    client-id: sigstore
    type: ci-provider
    ci-provider: example
ci-issuer-metadata:
  example:
    default-template-values:
      url: "https://ci.example.com"
      stage: "none"
    extension-templates:
${templates.join('')}    subject-alternative-name-template: ${JSON.stringify(identity)}
`;
}

const claims = {
  iss: 'https://ci.example.com',
  sub: 'flow:release',
  flow: 'octo/release',
  value: 'text',
  kind: 'branch',
  'ci.example.com/id': 'id-7',
  yes: true,
  no: false,
  empty: '',
};

const byName = { configuration: provider({ 'build-trigger': 'value' }), claims };
const byTemplate = { configuration: provider({ 'build-trigger': 'v={{ .value }}' }), claims };
const byIdentity = { configuration: provider({ 'build-signer-uri': '{{ .url }}/{{ .flow }}' }), claims };

/** A number as written here, which JavaScript may not be able to hold. */
function number(name: string, literal: string): GoldenCase {
  return {
    ...byName,
    name,
    claims: { ...claims, value: '@' },
    edit: (payload) => payload.replace('"@"', literal),
  };
}

function template(name: string, text: string): GoldenCase {
  return { name: `template-${name}`, configuration: provider({ 'build-trigger': text }), claims };
}

function identity(name: string, text: string): GoldenCase {
  return { name: `identity-${name}`, configuration: provider({ 'build-trigger': 'value' }, text), claims };
}

export const templates: CaseGroup = {
  folder: 'template',
  cases: [
    ...values(byName, 'value', {
      'value-integer': 7,
      'value-negative': -12,
      'value-fraction': 1.5,
      'value-small-fraction': 0.000001234,
      'value-true': true,
      'value-false': false,
      'value-null': null,
      'value-list': ['a', 'b'],
      'value-empty-list': [],
      'value-mixed-list': [1, true, null, 'x', 1.5],
      'value-object': { b: 1, a: 'x' },
      'value-nested': { a: { b: ['c', { d: null }] } },
      'value-empty-object': {},
      'value-empty': '',
      'value-absent': undefined,
      'value-unicode': 'Grüße 発行 🦀',
      'value-markup': `<a href="x">'&'</a>`,
      'value-braces': '{{ .sub }}',
      'value-spaces': '  x  ',
      'value-line-break': 'a\nb',
      'value-nul': 'a\u0000b',
      'value-long': 'x'.repeat(5000),
    }),
    number('number-integer-as-fraction', '1.0'),
    number('number-exponent', '1e3'),
    number('number-six-digits', '100000'),
    number('number-twenty-digits', '12345678901234567890'),
    number('number-twenty-one-digits', '123456789012345678901'),
    number('number-twenty-two-digits', '1234567890123456789012'),
    number('number-beyond-exact', '9007199254740993'),
    number('number-large-exponent', '1e30'),
    number('number-negative-zero', '-0'),
    number('number-tiny', '1e-9'),
    number('number-too-large', '1e400'),
    {
      ...byName,
      name: 'value-lone-surrogate',
      claims: { ...claims, value: '@' },
      edit: (payload) => payload.replace('"@"', '"\\ud800"'),
    },
    {
      ...byName,
      name: 'value-twice',
      edit: (payload) => payload.replace('"value":"text"', '"value":"first","value":"second"'),
    },
    ...values(byTemplate, 'value', {
      'in-template-integer': 7,
      'in-template-true': true,
      'in-template-null': null,
      'in-template-empty': '',
      'in-template-absent': undefined,
      'in-template-markup': `<a href="x">'&'</a>`,
    }),
    ...variants(byName, {
      'claim-overrides-default': { url: 'https://elsewhere.example.com' },
      'claim-empties-default': { url: '' },
      'issuer-and-subject-claims': { value: 'x', sub: 'another', issuer: 'y' },
      'no-subject': { sub: undefined },
    }),
    ...values(byIdentity, 'flow', {
      'identity-space': 'a b',
      'identity-unicode': 'bäume',
      'identity-escape': 'a%2Fb',
      'identity-broken-escape': 'a%zz',
      'identity-double-slash': '/a//b',
      'identity-dot-segments': '../../evil',
      'identity-query': 'a?b=c d',
      'identity-empty-query': 'a?',
      'identity-fragment': 'a#b',
      'identity-empty-fragment': 'a#',
      'identity-space-in-fragment': 'a#b c',
      'identity-colon': 'a:b@c',
      'identity-reserved-characters': "a;b=c,d:e@f!g$h&i'j(k)l*m+n",
      'identity-odd-characters': 'a"b<c>d[e]f^g`h{i|j}k\\l',
      'identity-unicode-and-reserved': "ä!$&'()*+,;=:@[]",
      'identity-line-break': 'a\nb',
      'identity-empty': '',
      'identity-object': { a: 1 },
    }),
    template('plain-text-around', 'refs/{{.kind}}/x'),
    template('trim-markers', 'a {{- .kind -}} b'),
    template('comment', 'a{{/* nothing */}}b'),
    template('if-equal', '{{if eq .kind "branch"}}heads{{else}}tags{{end}}'),
    template('if-not-equal', '{{if ne .kind "branch"}}tags{{else}}heads{{end}}'),
    template('else-if', '{{if eq .kind "tag"}}t{{else if eq .kind "branch"}}b{{else}}o{{end}}'),
    template('if-without-else', 'x{{if eq .kind "tag"}}t{{end}}'),
    template('nested-if', '{{if .kind}}{{if .empty}}a{{else}}b{{end}}{{end}}'),
    template('if-false-is-text', '{{if .no}}true{{else}}false{{end}}'),
    template('if-empty', '{{if .empty}}full{{else}}empty{{end}}'),
    template('equal-to-several', '{{if eq .kind "tag" "branch"}}one of them{{end}}'),
    template('index', '{{ index . "ci.example.com/id" }}'),
    template('index-in-parentheses', '{{(index . "ci.example.com/id")}}'),
    template('index-of-missing', 'x{{ index . "missing" }}'),
    template('index-of-default', '{{ index . "stage" }}'),
    template('raw-string', '{{ index . `ci.example.com/id` }}'),
    template('string-literal', '{{ "quoted \\"x\\" \\u00fc" }}'),
    template('missing-claim', '{{ .missing }}'),
    template('missing-claim-in-unused-branch', '{{if eq .kind "branch"}}b{{else}}{{ .missing }}{{end}}'),
    template('default-value', '{{ .stage }}'),
    template('and-or-not', '{{if and .yes (not .empty)}}{{or .empty .kind}}{{end}}'),
    template('printf', '{{ printf "%s-%s" .kind .value }}'),
    template('pipeline', '{{ .kind | printf "%q" }}'),
    template('variable', '{{ $x := .kind }}{{ $x }}'),
    template('with', '{{with .kind}}{{.}}{{end}}'),
    template('length', '{{ len .kind }}'),
    template('claim-name-with-spaces', ' value '),
    template('only-spaces', '   '),
    identity('claim-name', 'iss'),
    identity('of-literal-text', 'https://ci.example.com/{{"x"}}'),
    identity('without-scheme', '{{ .flow }}'),
    identity('missing-claim', '{{ .url }}/{{ .missing }}'),
    identity('no-template', ''),
    {
      name: 'provider-without-metadata',
      configuration: provider({ 'build-trigger': 'value' }).replace('  example:', '  other:'),
      claims,
    },
    {
      name: 'templates-for-issuer-and-subject',
      configuration: provider({ 'build-trigger': 'value', issuer: 'value', subject: 'value' }),
      claims,
    },
    {
      name: 'every-extension',
      configuration: provider(
        Object.fromEntries(
          [
            'github-workflow-trigger',
            'github-workflow-sha',
            'github-workflow-name',
            'github-workflow-repository',
            'github-workflow-ref',
            'build-signer-uri',
            'build-signer-digest',
            'runner-environment',
            'source-repository-uri',
            'source-repository-digest',
            'source-repository-ref',
            'source-repository-identifier',
            'source-repository-owner-uri',
            'source-repository-owner-identifier',
            'build-config-uri',
            'build-config-digest',
            'build-trigger',
            'run-invocation-uri',
            'source-repository-visibility-at-signing',
            'deployment-environment',
          ].map((key) => [key, `${key} {{ .value }}`]),
        ),
      ),
      claims,
      log: true,
    },
  ],
};
