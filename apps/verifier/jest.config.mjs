import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'verifier',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
