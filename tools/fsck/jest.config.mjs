import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'fsck',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
