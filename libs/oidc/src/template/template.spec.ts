import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OidcError } from '../errors.ts';
import { Template } from './template.ts';

const values = new Map([
  ['url', 'https://github.com'],
  ['repository', 'octo/app'],
  ['run_id', '42'],
  ['ref_type', 'branch'],
  ['ref', 'main'],
  ['html', '<alert()/>'],
  ['with.dot and/slash', 'cat'],
  ['empty', ''],
  ['größe', 'ü'],
]);

const render = (source: string): string => Template.parse(source).render(values);

function refusal(run: () => unknown): OidcError {
  try {
    run();
  } catch (error) {
    if (error instanceof OidcError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('a template', () => {
  it.each([
    ['{{ .url }}/{{ .repository }}/runs/{{ .run_id }}', 'https://github.com/octo/app/runs/42'],
    ['{{.url}}', 'https://github.com'],
    ['{{ .html }}', '<alert()/>'],
    ['{{ .größe }}', 'ü'],
    ['repository', 'octo/app'],
    ['with.dot and/slash', 'cat'],
    ['empty', ''],
    ['{{ .empty }}/1', '/1'],
    ['refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}', 'refs/heads/main'],
    ['refs/{{if eq .ref_type "tag"}}tags/{{ else }}heads/{{end}}{{ .ref }}', 'refs/heads/main'],
    ['{{if .empty}}a{{else if eq .ref "x" "main"}}b{{else}}c{{end}}', 'b'],
    ['{{if .empty}}a{{else if .empty}}b{{else}}c{{end}}', 'c'],
    ['{{if .ref}}a{{end}}{{if not .ref}}b{{end}}', 'a'],
    ['{{with .ref}}<{{.}}>{{else}}none{{end}}', '<main>'],
    ['{{with .empty}}<{{.}}>{{else}}none{{end}}', 'none'],
    ['{{(index . "with.dot and/slash")}}', 'cat'],
    ['{{index . `with.dot and/slash`}}', 'cat'],
    ['a{{index . "missing"}}b', 'ab'],
    ['a  {{- " b " -}}  c', 'a b c'],
    ['a {{- /* nothing */ -}} b{{/* nothing */}}', 'ab'],
    ['{{"tab\\t\\u00fc\\x41 \\"q\\""}}', 'tab\tüA "q"'],
    ['{{ne .ref "x"}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}}', 'true true true true false'],
    ['{{and .ref .empty}}|{{or .empty .ref}}|{{and true 1}}', '|main|1'],
    ['{{or .ref .missing}}', 'main'],
    ['{{len .größe}} {{len .}}', '2 9'],
    ['{{print .ref 1 2 "x" true}}', 'main1 2xtrue'],
    ['{{printf "%s-%d-%v-%q-%%" .ref 7 true "a\\"b"}}', 'main-7-true-"a\\"b"-%'],
    ['{{.ref | printf "%s/%s" "heads"}}', 'heads/main'],
    ['{{eq (len .ref) 4 | not}}', 'false'],
    ['{{true}} {{-1}} {{+2}}', 'true -1 2'],
    ['{{and .ref nil}} {{print nil}}', '<no value> <nil>'],
    ['}} {{ .ref }}', '}} main'],
  ])('prints %j as %j', (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ['{{}}', /empty/],
    ['{{ }}', /empty/],
    ['{{ .ref', /has no end/],
    ['{{ .ref }', /not understood/],
    ['{{/* a */ }}b{{/* c */}}', /not understood/],
    ['{{if"a"}}{{end}}', /not understood/],
    ['{{ "a }}', /not understood/],
    ['{{range .x}}{{end}}', /range is not supported/],
    ['{{define "x"}}{{end}}', /define is not supported/],
    ['{{template "x"}}', /template is not supported/],
    ['{{block "x" .}}{{end}}', /block is not supported/],
    ['{{html .ref}}', /html is not supported/],
    ['{{call .ref}}', /call is not supported/],
    ['{{$x := .ref}}', /variables are not supported/],
    ['{{$.ref}}', /variables are not supported/],
    ['{{upper .ref}}', /no function "upper"/],
    ['{{.ref .url}}', /takes arguments/],
    ['{{index."a"}}', /not understood|white space/],
    ['{{index . "a""b"}}', /white space is missing/],
    ['{{(.ref}}', /not closed|not expected/],
    ['{{.ref)}}', /not expected/],
    ['{{.ref | "a"}}', /only a function/],
    ['{{nil}}', /nil/],
    ['{{1.5}}', /not understood/],
    ['{{010}}', /not a number/],
    ['{{eq 1 index}}', /parentheses/],
    ['{{(index . "a").b}}', /field of a parenthesis/],
    ['{{"\\777"}}', /escape/],
    ['{{"\\xff"}}', /escape/],
    ['{{"\\ud800"}}', /escape/],
    ['{{if .ref}}', /no \{\{end\}\}/],
    ['{{if .ref}}a{{else}}b', /no \{\{end\}\}/],
    ['{{if .ref}}a{{else}}b{{else}}c{{end}}', /no \{\{end\}\}/],
    ['{{end}}', /without/],
    ['{{else}}', /without/],
    ['{{with .ref}}{{else if .url}}{{end}}', /belongs to \{\{if\}\}/],
    ['{{if}}a{{end}}', /empty/],
    ['x'.repeat(9000), /at most 8192/],
    ['{{1}}'.repeat(1000), /at most 2000/],
    [`{{${'('.repeat(100)}.ref${')'.repeat(100)}}}`, /nested/],
    [`${'{{if .ref}}'.repeat(100)}${'{{end}}'.repeat(100)}`, /nested/],
  ])('is refused at load: %j', (source, message) => {
    expect(refusal(() => Template.parse(source))).toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['{{ .foo }}', 'foo', /neither the token nor the configured defaults/],
    ['foo', 'foo', /neither/],
    ['{{if eq . ""}}a{{end}}', undefined, /cannot be compared/],
    ['{{eq .ref 1}}', undefined, /cannot be compared/],
    ['{{eq .ref}}', undefined, /eq needs/],
    ['{{lt .ref 1}}', undefined, /no order/],
    ['{{lt true false}}', undefined, /no order/],
    ['{{.ref.name}}', undefined, /without fields/],
    ['{{with .ref}}{{.url}}{{end}}', undefined, /only the claims have fields/],
    ['{{index .ref "a"}}', undefined, /index takes/],
    ['{{len 1}}', undefined, /len of/],
    ['{{not}}', undefined, /not needs/],
    ['{{and}}', undefined, /and needs/],
    ['{{printf "%s" 1}}', undefined, /cannot print/],
    ['{{printf "%5s" .ref}}', undefined, /cannot print/],
    ['{{printf "%s"}}', undefined, /cannot print/],
    ['{{printf "a" .ref}}', undefined, /more values/],
    ['{{printf 1}}', undefined, /a text to start/],
  ])('refuses the token: %j', (source, claim, message) => {
    const error = refusal(() => render(source));
    expect(error).toMatchObject({ code: 'CLAIM', message: expect.stringMatching(message) });
    expect(error.claim).toBe(claim);
  });

  it('does not grow without bound', () => {
    const long = new Map([['a', 'x'.repeat(10_000)]]);
    for (const source of ['{{.a}}{{.a}}', '{{len (print .a .a)}}'])
      expect(refusal(() => Template.parse(source).render(long)).message).toMatch(/more than 16384/);
  });

  it('names the claims it prints as they are', () => {
    const { printedClaims } = Template.parse('{{.a}}{{(index . "b")}}{{if .c}}{{.d}}{{end}}{{print .e}}');
    expect(printedClaims).toEqual(['a', 'b']);
    expect(Template.parse('name').printedClaims).toEqual(['name']);
  });

  it('is parsed or refused, whatever it is', () => {
    const part = fc.constantFrom(
      '{{',
      '}}',
      '.',
      '.ref',
      '"a"',
      ' ',
      '(',
      ')',
      '|',
      'if',
      'else',
      'end',
      'eq',
      '-',
      'x',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        try {
          expect(typeof render(parts.join(''))).toBe('string');
        } catch (error) {
          if (!(error instanceof OidcError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
