import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'hammer',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
