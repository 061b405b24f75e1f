import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'golden-certificates',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
