import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'certificate-authority',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
