import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'watched-file',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
