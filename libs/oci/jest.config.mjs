import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'oci',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
