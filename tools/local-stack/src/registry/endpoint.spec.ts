import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseEndpoint } from './endpoint.ts';
import { RegistryError } from './registry-error.ts';

const digest = `sha256:${'0'.repeat(64)}`;

describe('parseEndpoint', () => {
  it.each([
    ['/v2/', { kind: 'base' }],
    ['/v2/a/b/manifests/v1', { kind: 'manifest', repository: 'a/b', target: 'v1' }],
    ['/v2/a/manifests/tags', { kind: 'manifest', repository: 'a', target: 'tags' }],
    [
      '/v2/a/manifests/manifests/manifests',
      { kind: 'manifest', repository: 'a/manifests', target: 'manifests' },
    ],
    ['/v2/a/blobs/blobs/uploads/', { kind: 'uploads', repository: 'a/blobs' }],
    ['/v2/a/blobs/uploads', { kind: 'uploads', repository: 'a' }],
    ['/v2/tags/tags/list', { kind: 'tags', repository: 'tags' }],
    [`/v2/a/manifests/${encodeURIComponent(digest)}`, { kind: 'manifest', repository: 'a', target: digest }],
    ['/v2/a/tags', undefined],
    ['/v3/a/tags/list', undefined],
  ])('reads %s', (path, endpoint) => {
    expect(parseEndpoint(path)).toEqual(endpoint);
  });

  it('gives names, tags and digests that are safe as paths, or refuses', () => {
    const piece = fc.constantFrom(
      'a',
      'b1',
      '..',
      '.',
      '%2e',
      '%2f',
      '\\',
      '_x',
      'A',
      'blobs',
      'manifests',
      'tags',
      'list',
      'uploads',
      digest,
      '',
      '%00',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        try {
          const endpoint = parseEndpoint(`/v2/${pieces.join('/')}`);
          if (endpoint === undefined || endpoint.kind === 'base') return;
          expect(endpoint.repository.split('/').every((part) => /^[a-z0-9]/.test(part))).toBe(true);
          if (endpoint.kind === 'manifest') expect(endpoint.target).not.toMatch(/[/\\]|^\./);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
