import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'trust-access',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
