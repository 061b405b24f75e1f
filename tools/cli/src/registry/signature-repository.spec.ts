import { describe, expect, it } from '@jest/globals';
import { parseImageReference } from '@sigstead/oci';
import { assertBesideImages, describeRepository, signatureRepository } from './signature-repository.ts';

const image = parseImageReference('registry.example/app:v1');
const manifest = { digest: `sha256:${'0'.repeat(64)}`, mediaType: 'x', size: 1 };

describe('COSIGN_REPOSITORY', () => {
  it.each([{}, { COSIGN_REPOSITORY: '' }])('of %j leaves signatures beside their image', (environment) => {
    const repository = signatureRepository(image, environment);
    expect(repository).toBe(image);
    expect(describeRepository({ image, manifest, repository })).toEqual({});
    expect(() => assertBesideImages(environment)).not.toThrow();
  });

  it('names another repository, as it stands', () => {
    const repository = signatureRepository(image, { COSIGN_REPOSITORY: 'other.example:5000/all/signatures' });
    expect(repository.name).toBe('other.example:5000/all/signatures');
    expect(describeRepository({ image, manifest, repository })).toEqual({ repository: repository.name });
  });

  it.each(['other.example/x:v1', `other.example/x@sha256:${'0'.repeat(64)}`, 'UPPER', 'https://x', ' '])(
    'of %j is wrong usage',
    (text) => {
      expect(() => signatureRepository(image, { COSIGN_REPOSITORY: text })).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('COSIGN_REPOSITORY') }),
      );
    },
  );

  it('is nothing that a service would know', () => {
    expect(() => assertBesideImages({ COSIGN_REPOSITORY: 'other.example/x' })).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  });
});
