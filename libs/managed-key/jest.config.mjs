import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'managed-key',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
