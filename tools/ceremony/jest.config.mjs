import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'ceremony',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
