import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'image-evidence',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
