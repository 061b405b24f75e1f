import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OciError } from './errors.ts';
import { parseImageReference } from './reference.ts';

const hex = 'ab'.repeat(32);

describe('parseImageReference', () => {
  it.each([
    ['alpine', 'docker.io', 'library/alpine', undefined, undefined],
    ['alpine:3.20', 'docker.io', 'library/alpine', '3.20', undefined],
    ['team/app', 'docker.io', 'team/app', undefined, undefined],
    ['docker.io/alpine', 'docker.io', 'library/alpine', undefined, undefined],
    ['index.docker.io/team/app', 'docker.io', 'team/app', undefined, undefined],
    ['localhost/app', 'localhost', 'app', undefined, undefined],
    ['localhost:5000/app:v1', 'localhost:5000', 'app', 'v1', undefined],
    ['127.0.0.1:5000/a/b', '127.0.0.1:5000', 'a/b', undefined, undefined],
    ['[::1]:5000/app', '[::1]:5000', 'app', undefined, undefined],
    ['ghcr.io/acme/kms:5.13.0-amd64', 'ghcr.io', 'acme/kms', '5.13.0-amd64', undefined],
    ['GHCR.io/acme/kms', 'ghcr.io', 'acme/kms', undefined, undefined],
    [`r.io/a__b/c--d:_T@sha256:${hex}`, 'r.io', 'a__b/c--d', '_T', `sha256:${hex}`],
  ])('reads %s', (text, registry, repository, tag, digest) => {
    const ref = parseImageReference(text);
    expect([ref.registry, ref.repository, ref.tag, ref.digest]).toEqual([registry, repository, tag, digest]);
    expect(parseImageReference(ref.toString())).toEqual(ref);
  });

  it.each([
    '',
    ' ',
    'UPPER/case repo',
    'r.io/UPPER',
    'r.io/',
    '/app',
    'r.io//app',
    'r.io/app:',
    'r.io/app:-tag',
    `r.io/app:${'t'.repeat(129)}`,
    'r.io/app@',
    'r.io/app@sha256:abc',
    `r.io/app@sha256:${hex.toUpperCase()}`,
    `r.io/app@sha512:${hex}${hex}`,
    `r.io/app@sha256:${hex}@sha256:${hex}`,
    hex,
    'r.io/../app',
    'r.io/a..b',
    'r.io/_app',
    'r.io:0/app',
    'r.io:70000/app',
    'user@r.io/app',
    'https://r.io/app',
    'r.io/app?x=1',
    'r.io/app#x',
    'r.io/app\n',
    'r.io/app%2f',
    '[::1/app',
    '[zz]/app',
    '127.1:5000/app',
    '0x7f.0.0.1/app',
    'r.io:0443/app',
    'r.io:0/app',
    '2130706433.:5000/app',
    `${'a'.repeat(64)}.io/${'b'.repeat(256)}`,
    'a'.repeat(5000),
  ])('refuses %j', (text) => {
    expect(() => parseImageReference(text)).toThrow(
      expect.objectContaining({ name: 'OciError', code: 'REFERENCE' }),
    );
  });

  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const component = fc
    .array(word, { minLength: 1, maxLength: 3 })
    .chain((words) => fc.constantFrom('.', '_', '__', '-', '---').map((separator) => words.join(separator)));
  const references = fc.record({
    host: fc.constantFrom('r.io', 'localhost', 'x:5000', '10.0.0.1:80', 'docker.io'),
    path: fc.array(component, { minLength: 2, maxLength: 4 }),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined }),
    digest: fc.option(fc.constant(`sha256:${hex}`), { nil: undefined }),
  });

  it('is undone by toString, for every reference of the grammar', () => {
    fc.assert(
      fc.property(references, ({ host, path, tag, digest }) => {
        const text = `${host}/${path.join('/')}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
        expect(parseImageReference(text).toString()).toBe(text);
      }),
    );
  });

  it('either refuses a text or gives parts that are safe in a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.:/@-_%?#A0[] \n') }), (text) => {
        try {
          const { registry, repository, target } = parseImageReference(text);
          const url = new URL(`https://${registry}/v2/${repository}/manifests/${target}`);
          expect(url.pathname).toBe(`/v2/${repository}/manifests/${target}`);
          expect([url.search, url.hash, url.username]).toEqual(['', '', '']);
        } catch (error) {
          expect(error).toBeInstanceOf(OciError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time in proportion to the text', () => {
    for (const text of [`r.io/${'a-'.repeat(400)}!`, `r.io/${'a__'.repeat(300)}`, `${'a-'.repeat(500)}/`]) {
      expect(() => parseImageReference(text)).toThrow(OciError);
    }
  });
});

describe('ImageReference', () => {
  it('asks for the digest, else the tag, else latest', () => {
    expect(parseImageReference(`r.io/a:t@sha256:${hex}`).target).toBe(`sha256:${hex}`);
    expect(parseImageReference('r.io/a:t').target).toBe('t');
    expect(parseImageReference('r.io/a').target).toBe('latest');
  });

  it('drops the tag when it is pinned', () => {
    expect(parseImageReference('r.io/a:t').withDigest(`sha256:${hex}`).toString()).toBe(
      `r.io/a@sha256:${hex}`,
    );
    expect(() => parseImageReference('r.io/a').withDigest('sha256:no')).toThrow(OciError);
  });
});
