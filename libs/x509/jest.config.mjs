import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'x509',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
