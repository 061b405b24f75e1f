import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

describe('parseChallenges', () => {
  it('reads the bearer challenge of registries', () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"';
    expect(parseChallenges(header)).toEqual([
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull,push',
        },
      },
    ]);
  });

  it('reads several challenges, bare tokens, spaces and escapes', () => {
    expect(parseChallenges('Basic realm="a \\"b\\"" , charset = UTF-8, BEARER realm=x')).toEqual([
      { scheme: 'basic', parameters: { realm: 'a "b"', charset: 'UTF-8' } },
      { scheme: 'bearer', parameters: { realm: 'x' } },
    ]);
  });

  it.each([[null], [''], ['   ,,'], ['="x"'], ['Bearer realm="open'], ['é'], ['realm="x"']])(
    'takes %j without error',
    (header) => {
      expect(parseChallenges(header).every(({ parameters }) => Object.keys(parameters).length === 0)).toBe(
        true,
      );
    },
  );

  it('ends on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB ,="\\;\t') }), (header) =>
        Array.isArray(parseChallenges(header)),
      ),
    );
  });
});
