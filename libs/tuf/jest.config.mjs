import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'tuf',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
