import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'issuer-access',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
