import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'login',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
