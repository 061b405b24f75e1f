import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'interop',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
