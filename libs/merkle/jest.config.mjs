import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'merkle',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
