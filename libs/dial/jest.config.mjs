import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'dial',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
