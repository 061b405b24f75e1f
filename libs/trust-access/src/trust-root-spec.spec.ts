import { encodeUtf8 } from '@sigstead/encoding';
import { describe, expect, it } from '@jest/globals';
import { TrustAccessError } from './errors.ts';
import { parseTrustRootSpecs } from './trust-root-spec.ts';

const read = (text: string) => parseTrustRootSpecs(encodeUtf8(text), '/etc/sigstead/roots.yaml');

describe('a list of trust roots', () => {
  it('is YAML, with paths that begin where it lies', () => {
    const text = `
trustRoots:
  - name: acme
    file: acme/trusted_root.json
  - name: partner
    tuf: { mirror: 'https://tuf.partner.example/repo', initialRoot: /keys/partner.root.json }
  - name: public-good
    publicGood: { refresh: true }
  - name: public-good-as-shipped
    publicGood: {}
`;
    expect(read(text)).toEqual([
      { name: 'acme', source: 'file', path: '/etc/sigstead/acme/trusted_root.json' },
      {
        name: 'partner',
        source: 'tuf',
        mirror: 'https://tuf.partner.example/repo',
        initialRoot: '/keys/partner.root.json',
      },
      { name: 'public-good', source: 'public-good', refresh: true },
      { name: 'public-good-as-shipped', source: 'public-good', refresh: false },
    ]);
  });

  it('may be JSON', () => {
    expect(read('{"trustRoots":[{"name":"a","file":"/a.json"}]}')).toEqual([
      { name: 'a', source: 'file', path: '/a.json' },
    ]);
  });

  const file = (name: string) => `{ name: ${name}, file: a.json }`;
  it.each([
    ['is no YAML', '[', /is neither YAML nor JSON/],
    ['is no UTF-8', '\ufffd'.repeat(1) + ': [', /roots\.yaml/],
    ['is empty', '', /expected object/],
    ['names none', 'trustRoots: []', /trustRoots/],
    [
      'names too many',
      `trustRoots: [${Array.from({ length: 17 }, (_, i) => file(`r${i}`)).join()}]`,
      /trustRoots/,
    ],
    ['has an unknown field', `{ trustRoots: [${file('a')}], mergeRoots: true }`, /mergeRoots/],
    [
      'has two places for one root',
      'trustRoots: [{ name: a, file: a, publicGood: {} }]',
      /want a name, and either/,
    ],
    ['has a root of nowhere', 'trustRoots: [{ name: a }]', /trustRoots\.0: want a name, and either/],
    [
      'has a mirror of another scheme',
      'trustRoots: [{ name: a, tuf: { mirror: "file:///x", initialRoot: r } }]',
      /trustRoots\.0/,
    ],
    ['has a name that could be a path', `trustRoots: [${file('../a')}]`, /trustRoots\.0/],
    ['has a name that is empty', `trustRoots: [${file('""')}]`, /trustRoots\.0/],
    ['has one name twice', `trustRoots: [${file('a')}, ${file('a')}]`, /two trust roots are called a/],
    ['has aliases', 'x: &x [a]\ntrustRoots: *x', /roots\.yaml/],
    ['is too large', `# ${'x'.repeat(65_536)}`, /at most 65536 are taken/],
    ['is too deep', '['.repeat(20_000), /roots\.yaml/],
  ])('is refused when it %s', (_, text, reason) => {
    expect(() => read(text)).toThrow(reason);
    expect(() => read(text)).toThrow(TrustAccessError);
  });
});
