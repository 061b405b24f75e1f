import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchesIssuerPattern } from './issuer-pattern.ts';

const EKS = 'https://oidc.eks.*.amazonaws.com/id/*';

/** Fulcio's way (pkg/config, MetaRegex): obvious, and slow where the pattern has many stars. */
function reference(pattern: string, text: string): boolean {
  const quoted = pattern.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '[-_a-zA-Z0-9]+');
  return new RegExp(`^${quoted}$`).test(text);
}

describe('the pattern of a meta issuer', () => {
  it.each([
    'https://oidc.eks.us-west-2.amazonaws.com/id/B02C93B6A2D30341AD01E1B6D48164CB',
    'https://oidc.eks.x.amazonaws.com/id/_',
  ])('stands for %s', (text) => {
    expect(matchesIssuerPattern(EKS, text)).toBe(true);
  });

  it.each([
    'https://oidc.eks.us-west-2.amazonaws.com/id/',
    'https://oidc.eks..amazonaws.com/id/x',
    'https://oidc.eks.a.b.amazonaws.com/id/x',
    'https://oidc.eks.evil.example/.amazonaws.com/id/x',
    'https://evil.example/?https://oidc.eks.a.amazonaws.com/id/x',
    'https://oidc.eks.a.amazonaws.com/id/x?y',
    'https://oidc.eks.a.amazonaws.com/id/x/y',
    'https://oidc.eks.a.amazonaws.com/id/x#',
    'https://oidc.eks.a.amazonaws.com/id/x\n',
    'https://oidc.eks.a@evil.amazonaws.com/id/x',
    'https://oidc.eks.a%2e.amazonaws.com/id/x',
    'https://oidcxeks.a.amazonaws.com/id/x',
    'http://oidc.eks.a.amazonaws.com/id/x',
    'https://oidc.eks.a.amazonaws.com.evil.example/id/x',
    EKS,
    '',
  ])('does not stand for %j', (text) => {
    expect(matchesIssuerPattern(EKS, text)).toBe(false);
  });

  it('stands for what the regular expression of Fulcio stands for', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '/', '*'), maxLength: 10 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '/', '*'), maxLength: 14 });
    fc.assert(
      fc.property(pattern, text, (one, other) => matchesIssuerPattern(one, other) === reference(one, other)),
      { numRuns: 5000 },
    );
  });

  it('stands for what its stars are replaced by', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '*'), maxLength: 12 });
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '_', '0'), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pattern, fc.infiniteStream(word), (one, words) => {
        const text = one.replaceAll('*', () => words.next().value as string);
        return matchesIssuerPattern(one, text);
      }),
    );
  });

  it('is compared in no time that many stars could draw out', () => {
    const pattern = `https://${'*a'.repeat(60)}.example`;
    expect(matchesIssuerPattern(pattern, `https://${'a'.repeat(1000)}!.example`)).toBe(false);
  });
});
